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

/* Whether the block at hand, of this many bytes, which are in the buffer, is a section header but for its
 * type, which is none that this reader knows. */
bool pcapng_shb_has_another_type(const struct reader *file, uint32_t size);

/*
 * Behind a gap of so many bytes: if it ends with what has been a section header, or no section has begun, the
 * next block begins a section of which nothing is known: its packets are of interfaces that are described
 * from here on, or of none. -1: out of memory.
 */
int pcapng_shb_look_back(struct reader *file, uint64_t gap);

/* Whether the section at hand, if it ended here, would be one of vcap's without its end mark. */
bool pcapng_shb_is_cut_short(const struct reader *file);

#endif
