/*
 * The blocks that each file of a capture begins with: which program took it, with which parameters,
 * and on which interfaces.
 */
#ifndef VCAP_FILEHEADER_H
#define VCAP_FILEHEADER_H

#include "base/keyval.h"
#include "capfile/pcapng_write.h"
#include "capture/state.h"

/* Sets the parameters of the capture in *kv, as status files and capture files have them. -1: out
 * of memory. */
int fileheader_parameters(const struct capture *capture, struct keyval *kv);

/* Appends the section header and the interface blocks of a file of this core (NULL: of a stream
 * of all cores). -1: out of memory; *blocks may then hold some of them. */
int fileheader_blocks(const struct capture *capture, const struct core *core,
		      struct blocks *blocks);

#endif
