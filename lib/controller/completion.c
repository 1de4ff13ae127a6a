/*
 * An engine that is out of reach at the end may be back in a minute or in the morning, with its
 * packets. Whoever waits for the file has what there is at once; the rest is asked for in ever longer
 * intervals, and put in its place when it comes.
 */
#include "controller/completion.h"

#include "base/clock.h"
#include "base/parse.h"
#include "base/strvec.h"
#include "controller/removal.h"
#include "controller/schedule.h"

#include <stdbool.h>

#define PAUSE_FIRST (30 * NS_PER_SECOND)
#define PAUSE_MOST  (10 * NS_PER_MINUTE)

/* Removes a capture that was cancelled before it began. Returns -1 with why. */
static int
withdraw(const struct spool *spool, struct spool_entry *entry, struct failure *why)
{
	struct failure end;

	removal_cancelled(entry, &end);
	return spool_withdraw(spool, entry, why) < 0 ? -1 : failure_set(why, "%s", end.text);
}

/* Does the steps of a capture that has begun. */
static int
run_steps(struct collect *collect, struct failure *why)
{
	return collect_watch(collect, why) < 0 || collect_fetch(collect, why) < 0 ||
		       collect_merge(collect, why) < 0 || collect_finish(collect, why) < 0
		   ? -1
		   : 0;
}

/* Does all steps, and keeps in the capture's state why one has failed. */
static int
run_all(struct collect *collect, const struct spool *spool, struct failure *why)
{
	struct spool_entry *entry = collect->entry;
	struct failure reason = FAILURE_INIT;
	bool is_cancelled = false;
	int rc = schedule_wait(entry, &is_cancelled, &reason);

	if (rc == 0 && is_cancelled)
		return withdraw(spool, entry, why);
	if (rc == 0 && run_steps(collect, &reason) == 0)
		return 0;
	if (removal_check(entry, why) < 0)
		return -1;
	return spool_entry_set_state(
	    entry, collect->is_short ? spool_entry_state(entry) : CAPTURE_FAILED, reason.text, why);
}

int
completion_run(struct collect *collect, const struct spool *spool, struct failure *why)
{
	int rc;

	collect->is_short = false;
	if (spool_entry_has_merged(collect->entry))
		rc = collect_complete(collect, why) < 0 ? 1 : 0;
	else
		rc = run_all(collect, spool, why);
	collect_release(collect);
	return rc;
}

/* Until when there is something to go on for; 0: there is not. */
static int64_t
goes_on_until(const struct spool_entry *entry)
{
	const int64_t patience = (int64_t)keyval_number(&entry->facts, "patience", 0);
	const char *ended = keyval_get(&entry->facts, "ended");
	struct strvec pending = spool_entry_marked(entry, "pending");
	const bool is_pending = pending.count > 0;
	int64_t ended_ns;

	strvec_release(&pending);
	if (!is_pending || !spool_entry_is_over(entry) || spool_was_withdrawn(entry) ||
	    spool_entry_is_given_up(entry))
		return 0;
	if (!ended || parse_offset(ended, &ended_ns, NULL) < 0)
		ended_ns = spool_entry_began_ns(entry) +
			   (int64_t)keyval_number(&entry->facts, "duration", 0);
	return ended_ns + patience;
}

/* Returns whether the capture is still there afterwards. */
static bool
pause_for(const struct spool_entry *entry, int64_t pause)
{
	for (; pause > 0 && !spool_was_withdrawn(entry); pause -= NS_PER_SECOND)
		clock_sleep(pause < NS_PER_SECOND ? pause : NS_PER_SECOND);
	return !spool_was_withdrawn(entry);
}

int
completion_go_on(struct collect *collect, const struct spool *spool, struct failure *why)
{
	struct spool_entry *entry = collect->entry;
	int64_t pause = PAUSE_FIRST;
	int rc = 0;

	while (rc >= 0 && clock_realtime_ns() + pause < goes_on_until(entry)) {
		spool_entry_unlock(entry);
		if (!pause_for(entry, pause))
			return 0;
		pause = 2 * pause < PAUSE_MOST ? 2 * pause : PAUSE_MOST;
		rc = spool_entry_lock(entry, why);
		if (rc == 0 && goes_on_until(entry) > 0)
			rc = completion_run(collect, spool, why);
	}
	return rc < 0 ? -1 : 0;
}
