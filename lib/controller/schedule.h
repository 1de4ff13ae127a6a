/*
 * A capture that begins later: in state waiting until the time in its fact `at`. The process that
 * holds its lock starts it; any other may cancel it (spool_entry_ask_stop).
 */
#ifndef VCAP_SCHEDULE_H
#define VCAP_SCHEDULE_H

#include "base/failure.h"
#include "controller/spool_entry.h"

#include <stdbool.h>

/*
 * Waits until a waiting capture is due and starts its engines: its state is capturing then. Returns 0
 * at once for a capture in any other state. *cancelled is set if it was cancelled before; the caller
 * withdraws it. -1 if no engine captures.
 */
int schedule_wait(struct spool_entry *entry, bool *cancelled, struct failure *why);

#endif
