/*
 * How much of a capture is still to come on an engine, as far as its limits tell: time, packets of
 * cores that are not full yet, or both.
 */
#ifndef VCAP_TIMELEFT_H
#define VCAP_TIMELEFT_H

#include "base/keyval.h"
#include "controller/spool_entry.h"

#include <stdint.h>

/* Writes "4m12s", "812 packets", "4m12s or 812 packets", or nothing for a capture that waits for no
 * limit, or for its engines no more. state is the engine's. Returns to. */
#define TIMELEFT_TEXT 64
char *timeleft_format(const struct spool_entry *entry, const struct keyval *state, int64_t now_ns,
		      char to[TIMELEFT_TEXT]);

#endif
