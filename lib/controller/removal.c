/*
 * The lock is held from the first question to an engine to the end, so that no vcap-wait goes on
 * with a capture whose parts are being removed. One that waits for the lock finds it gone.
 */
#include "controller/removal.h"

#include "base/exitcode.h"
#include "controller/capture_audit.h"
#include "controller/leftover.h"
#include "controller/sshmux.h"

#include <errno.h>

static int
fail_running(const struct spool_entry *entry, struct failure *why)
{
	return failure_set(why,
			   "capture '%s' is still running: run 'vcap stop' first, or 'vcap rm "
			   "--give-up %s'",
			   entry->id, entry->id);
}

/* Whether there is nothing to be waited for: 0; -1 with why. */
static int
check(const struct spool_entry *entry, enum removal_kind kind, struct failure *why)
{
	if (kind == REMOVAL_GIVE_UP || spool_entry_is_over(entry))
		return 0;
	if (!spool_entry_is_capturing(entry) && kind == REMOVAL_IDLE)
		return 0;
	return fail_running(entry, why);
}

/* Gets the lock from whoever has it: 0; 1: that one has removed the capture; -1 with why. */
static int
take_over(struct spool_entry *entry, enum removal_kind kind, bool *is_damaged, struct failure *why)
{
	struct failure damage;
	const bool is_locked = spool_entry_is_locked(entry);

	if (is_locked && kind != REMOVAL_GIVE_UP)
		return fail_running(entry, why);
	/* A full disk is no reason to keep what nobody works on. */
	if (kind == REMOVAL_GIVE_UP &&
	    (spool_entry_ask_give_up(entry, why) < 0 || spool_entry_ask_stop(entry, why) < 0) &&
	    is_locked)
		return -1;
	*is_damaged = spool_entry_lock(entry, &damage) < 0;
	return spool_was_withdrawn(entry);
}

int
removal_run(const struct spool *spool, const char *id, enum removal_kind kind,
	    config_variable *variable, struct strvec *lines, struct failure *why)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	bool is_damaged = false;
	int rc;

	if (spool_entry_open(&entry, spool->dir, spool->path, id, why) < 0)
		return errno == ENOENT ? failure_set(why, "there is no capture '%s'", id) : -1;
	rc = take_over(&entry, kind, &is_damaged, why);
	if (rc == 0 && !is_damaged)
		rc = check(&entry, kind, why);
	if (rc == 0)
		rc = capture_audit(&entry, CAPTURE_AUDIT_DELETE, NULL, variable, why);
	if (rc == 0 && !is_damaged)
		leftover_end(&entry, variable, lines);
	if (rc == 0 && !is_damaged)
		sshmux_end(&entry);
	if (rc == 0)
		return spool_withdraw(spool, &entry, why);
	spool_entry_close(&entry);
	return rc < 0 ? -1 : 0;
}

int
removal_cancelled(const struct spool_entry *entry, struct failure *why)
{
	return failure_set(why, "capture '%s' was cancelled before it began", entry->id);
}

int
removal_check(const struct spool_entry *entry, struct failure *why)
{
	if (spool_was_withdrawn(entry) && spool_entry_state(entry) == CAPTURE_WAITING)
		return removal_cancelled(entry, why);
	if (spool_was_withdrawn(entry))
		return failure_set(why, "capture '%s' was removed", entry->id);
	if (spool_entry_is_given_up(entry))
		return failure_set(why,
				   "capture '%s' is given up: 'vcap rm --give-up %s' removes it",
				   entry->id, entry->id);
	return 0;
}

int
removal_tell(const struct spool *spool, const char *id, enum removal_kind kind,
	     config_variable *variable, void (*report)(const char *line))
{
	struct strvec left = STRVEC_INIT;
	struct failure why = FAILURE_INIT;
	int status = removal_run(spool, id, kind, variable, &left, &why) < 0 ? EXIT_FAILED
		     : left.count > 0                                        ? EXIT_PARTIAL
									     : EXIT_DONE;

	if (status == EXIT_FAILED)
		report(why.text);
	for (size_t i = 0; i < left.count; i++)
		report(left.list[i]);
	strvec_release(&left);
	return status;
}
