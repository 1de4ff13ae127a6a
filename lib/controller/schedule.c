/*
 * Reads the wall clock four times a second instead of sleeping until the time: a clock that is set
 * and a capture that is cancelled are noticed soon.
 */
#include "controller/schedule.h"

#include "base/clock.h"
#include "base/parse.h"
#include "controller/params.h"
#include "controller/start.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The interval. */
#define TICK_NS (NS_PER_SECOND / 4)

/* Returns true once the capture is due; false: it was cancelled. */
static bool
wait_until(const struct spool_entry *entry, int64_t at_ns)
{
	for (;;) {
		const int64_t left = at_ns - clock_realtime_ns();
		const int64_t pause = left < TICK_NS ? left : TICK_NS;

		if (spool_entry_is_stopping(entry))
			return false;
		if (left <= 0)
			return true;
		nanosleep(&(struct timespec){.tv_nsec = pause}, NULL);
	}
}

static int
start(struct spool_entry *entry, struct failure *why)
{
	struct params params;
	int64_t now = clock_realtime_ns();
	int started, status;

	params_recall(&params, &entry->facts);
	if (keyval_set(&entry->facts, "started", CLOCK_FORMAT, CLOCK_ARGS(now)) < 0)
		return failure_nomem(why);
	if (spool_entry_set_state(entry, CAPTURE_STARTING, NULL, why) < 0)
		return -1;
	status = start_compile_expression(&params, why);
	if (status > 0)
		failure_set(why, "cannot compile '%s'", params.expression);
	started = status == 0 ? start_engines(&params, entry, why) : -1;
	free(params.bytecode);
	return started <= 0 ? -1 : spool_entry_set_state(entry, CAPTURE_CAPTURING, NULL, why);
}

int
schedule_wait(struct spool_entry *entry, bool *cancelled, struct failure *why)
{
	const char *at = keyval_get(&entry->facts, "at");
	int64_t at_ns;

	*cancelled = false;
	if (spool_entry_state(entry) != CAPTURE_WAITING)
		return 0;
	if (!at || parse_offset(at, &at_ns, NULL) < 0)
		return failure_set(why, "'%s' has no start time", entry->path);
	if (wait_until(entry, at_ns))
		return start(entry, why);
	*cancelled = true;
	return 0;
}
