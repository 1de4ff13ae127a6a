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

/* Appends the block of the interface with this number; capture is a struct capture. An
 * output_describe. */
int fileheader_interface(void *capture, uint32_t interface, struct blocks *blocks);

/* Appends the section header of a file of this core (NULL: of a stream of all cores), and the blocks
 * of the first `interfaces` interfaces. -1: out of memory; *blocks may then hold some of them. */
int fileheader_blocks(struct capture *capture, const struct core *core, uint32_t interfaces,
		      struct blocks *blocks);

#endif
