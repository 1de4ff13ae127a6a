/*
 * Scheduled captures: in state waiting until the time in the fact `at`. The process that holds the
 * capture's lock starts it; any process may cancel it (spool_entry_ask_stop).
 */
#ifndef VCAP_SCHEDULE_H
#define VCAP_SCHEDULE_H

#include "base/failure.h"
#include "controller/spool_entry.h"

#include <stdbool.h>

/*
 * Waits until a waiting capture is due and starts its engines; its state is capturing afterwards.
 * Returns 0 at once for a capture in any other state. *cancelled: it was cancelled before it was
 * due, and the caller withdraws it. -1 with why: the time is malformed, or no engine captures.
 */
int schedule_wait(struct spool_entry *entry, bool *cancelled, struct failure *why);

#endif
