/*
 * What each file of a capture begins with: what took it, with which parameters, and on which
 * interfaces.
 */
#ifndef VCAP_FILEHEADER_H
#define VCAP_FILEHEADER_H

#include "base/keyval.h"
#include "capfile/pcapng_write.h"
#include "capture/capture.h"

/* The parameters, as the status and the files state them. -1: no memory. */
int fileheader_parameters(const struct capture *capture, struct keyval *kv);

/* Appends the section header and interface blocks of a file of this core (NULL: of a livestream of
 * all cores). -1: no memory. */
int fileheader_blocks(const struct capture *capture, const struct core *core,
		      struct blocks *blocks);

#endif
