/*
 * Finds the next good block of pcapng behind one that is damaged.
 */
#ifndef VCAP_PCAPNG_RESYNC_INT_H
#define VCAP_PCAPNG_RESYNC_INT_H

#include "capfile/reader_common-int.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes that the block of a packet, with options, has at most. */
#define PCAPNG_PACKET_MOST (PACKET_SNAPLEN + (64u << 10))

/* Whether the block at the next byte has size bytes, as it says, and only its end is wrong, which says `last`:
 * that is no other block's, and behind it blocks follow that are not those of a packet's payload, or the
 * input ends. */
bool pcapng_resync_has_wrong_end(struct reader *file, uint32_t size, uint32_t last);

/* Whether the block at the next byte, which says that it has size bytes, more than there are, is only wrong
 * about its length. A live file may still bring them: then only if no packet's block is as long. errno
 * stays. */
bool pcapng_resync_is_shorter(struct reader *file, uint32_t size);

/* Moves behind the damaged block at the next byte, to the next place that blocks follow each other
 * from, or to the end of the input. -1 with errno: a read failed. */
int pcapng_resync_pass(struct reader *file);

#endif
