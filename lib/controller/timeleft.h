/*
 * What remains of a capture on an engine under its limits: time, packets on cores that have not
 * reached their count, or both. And how old that is which an engine has said.
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

/* How long ago the engine counted what its state says, by its clock as far as that is known. -1: the
 * engine does not capture, or did not say when. state is the engine's, now_ns the wall-clock time. */
int64_t timeleft_age_ns(const struct keyval *state, int64_t now_ns);
/* Writes a time, 0 or more, as "3s", "4m12s" or "1h02m", rounded up. Returns to. */
char *timeleft_print(int64_t ns, char to[TIMELEFT_TEXT]);

#endif
