/*
 * A capture that begins later: in state waiting until its time, which is the fact `at`, has come.
 * Whoever holds its lock keeps the appointment; anybody may call it off (spool_entry_ask_stop).
 */
#ifndef VCAP_SCHEDULE_H
#define VCAP_SCHEDULE_H

#include "base/failure.h"
#include "controller/spool_entry.h"

#include <stdbool.h>

/*
 * Waits for the time of a capture that waits, starts its engines, and leaves it capturing; does
 * nothing for any other. *called_off: it was ended before; the caller withdraws it. -1: it could
 * not be started, no engine captures.
 */
int schedule_wait(struct spool_entry *entry, bool *called_off, struct failure *why);

#endif
