/*
 * Finds the next good block of pcapng behind one that is damaged.
 */
#ifndef VCAP_PCAPNG_RESYNC_INT_H
#define VCAP_PCAPNG_RESYNC_INT_H

#include "capfile/reader_common-int.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether a block that says its length twice stands offset bytes behind the next byte, or the input
 * ends there. */
bool pcapng_resync_closes(struct reader *file, size_t offset);

/* Whether the damaged block at the next byte, which says that it goes on behind the end of the input,
 * is only wrong about its length. */
bool pcapng_resync_is_shorter(struct reader *file);

/* Moves behind the damaged block at the next byte, to the next place that blocks follow each other
 * from, or to the end of the input. -1 with errno: a read failed. */
int pcapng_resync_pass(struct reader *file);

#endif
