/*
 * Section headers of the pcapng format.
 */
#ifndef VCAP_PCAPNG_SHB_INT_H
#define VCAP_PCAPNG_SHB_INT_H

#include "capfile/reader_common-int.h"

/* Reads the section header at hand, of which PCAPNG_BLOCK_MIN bytes are in the buffer: one that is
 * new begins a section, one that is read again returns to its section. SOURCE_NOTE, or how the
 * source ended. */
enum source_event pcapng_shb_read(struct reader *file, struct failure *why);

/* Sets the byte order and the interfaces of the known section that holds the offset. */
void pcapng_shb_enter(struct reader *file, uint64_t offset);

/* Whether the section at hand, if it ended here, would be one of vcap's without its end mark. */
bool pcapng_shb_is_cut_short(const struct reader *file);

#endif
