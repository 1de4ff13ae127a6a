/*
 * Gaps: the places of an input that its reader passed over as damaged. They are remembered, since a
 * file that is read again has to be read in the same way, and each counts once.
 */
#ifndef VCAP_GAPS_H
#define VCAP_GAPS_H

#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>

#define GAPS_MAX 65536 /* of an input */

struct gap {
	uint64_t from, to; /* offsets in the input; to is the first byte behind */
};

struct gaps {
	struct gap *list; /* heap, ascending */
	size_t count;
	uint64_t bytes;       /* in all of them */
	struct failure first; /* where the first one is, and why */
};

/* Frees the list; gaps is empty afterwards. */
void gaps_release(struct gaps *gaps);

/* Adds a gap behind all others; cause is the message for the first one, without its length. -1 with
 * errno: out of memory, or EOVERFLOW beyond GAPS_MAX; nothing is added. */
int gaps_add(struct gaps *gaps, struct gap gap, const struct failure *cause);

/* The gap that begins, or ends, at the offset; NULL: none does. Valid until the next gaps_add. */
const struct gap *gaps_from(const struct gaps *gaps, uint64_t offset);
const struct gap *gaps_to(const struct gaps *gaps, uint64_t offset);

/* Says in one line where the first gap is, why, and how many bytes were passed over in all; there has
 * to be one. */
void gaps_tell(const struct gaps *gaps, struct failure *what);

#endif
