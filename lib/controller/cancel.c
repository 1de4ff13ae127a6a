#include "controller/cancel.h"

#include "base/clock.h"
#include "controller/spool.h"
#include "controller/waitproc.h"

#define POLL_NS (NS_PER_SECOND / 20)

int
cancel_waiting(struct spool_entry *entry, struct failure *why)
{
	if (spool_entry_state(entry) != CAPTURE_WAITING)
		return 0;
	if (spool_entry_ask_stop(entry, why) < 0)
		return -1;
	/* If it is gone already, another process cannot write its log there. */
	if (waitproc_revive(entry, why) < 0 && !spool_was_withdrawn(entry))
		return -1;
	while (!spool_was_withdrawn(entry) && spool_entry_state(entry) == CAPTURE_WAITING) {
		clock_sleep(POLL_NS);
		if (spool_entry_reload(entry, why) < 0 && !spool_was_withdrawn(entry))
			return -1;
	}
	return spool_was_withdrawn(entry);
}
