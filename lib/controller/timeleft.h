/*
 * What remains of a capture on an engine under its limits: time, packets on cores that have not
 * reached their count, or both.
 */
#ifndef VCAP_TIMELEFT_H
#define VCAP_TIMELEFT_H

#include "base/keyval.h"
#include "controller/spool_entry.h"

#include <stdint.h>

/* Writes "4m12s", "812 packets" or "4m12s or 812 packets" to `to`; an empty string if there are no
 * limits or the engine has ended. state is the engine's, now_ns the wall-clock time. Returns to. */
#define TIMELEFT_TEXT 64
char *timeleft_format(const struct spool_entry *entry, const struct keyval *state, int64_t now_ns,
		      char to[TIMELEFT_TEXT]);

#endif
