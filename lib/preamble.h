/*
 * What each file of a capture begins with: what took it, with which parameters, and on which
 * interfaces.
 */
#ifndef VCAP_PREAMBLE_H
#define VCAP_PREAMBLE_H

#include "capture.h"
#include "keyval.h"
#include "pcapng.h"

/* The parameters, as the status and the files state them. -1: no memory. */
int preamble_parameters(const struct capture *capture, struct keyval *kv);

/* Appends the section header and interface blocks of a file of this core (NULL: of a stream of all
 * cores). -1: no memory. */
int preamble_blocks(const struct capture *capture, const struct core *core, struct blocks *blocks);

#endif
