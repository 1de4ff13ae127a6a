/*
 * How much of a capture is still to come on an engine, as far as its limits tell: time, packets of
 * cores that are not full yet, or both.
 */
#ifndef VCAP_REMAINDER_H
#define VCAP_REMAINDER_H

#include "entry.h"
#include "keyval.h"

#include <stdint.h>

/* Writes "4m12s", "812 packets", "4m12s or 812 packets", or nothing for a capture that waits for no
 * limit, or for its engines no more. state is the engine's. Returns to. */
#define REMAINDER_TEXT 64
char *remainder_format(const struct entry *entry, const struct keyval *state, int64_t now_ns,
		       char to[REMAINDER_TEXT]);

#endif
