#include "controller/ringstop.h"

#include "base/clock.h"
#include "base/exitcode.h"
#include "base/process.h"
#include "base/strvec.h"
#include "controller/capture_audit.h"
#include "controller/removal.h"
#include "controller/snapshot_entry.h"

#include <unistd.h>

int
ringstop_find(struct spool_entry *ring, const char *word, config_variable *variable,
	      struct failure *why)
{
	struct spool spool = SPOOL_INIT;
	int rc = spool_open(&spool, variable, why);

	if (rc == 0)
		rc = snapshot_entry_find_ring(&spool, word, ring, why);
	spool_close(&spool);
	return rc;
}

/* Returns the exit status of vcap-wait, or -1. */
static int
keep_last(const struct spool *spool, const struct spool_entry *ring, config_variable *variable,
	  struct failure *why)
{
	char id[SPOOL_ID_MAX], by[CALLER_MAX];
	const struct snapshot_wish wish = {.moment_ns = clock_realtime_ns(),
					   .note = "the last of it",
					   .by = capture_audit_caller(NULL, variable, by)};
	char *argv[] = {"vcap-wait", "--", id, NULL};
	int status;

	if (snapshot_entry_make(spool, ring, &wish, variable, id, why) < 0)
		return -1;
	status = process_run(argv, -1, STDOUT_FILENO, STDERR_FILENO, -1, why);
	if (status > 0 && status != EXIT_PARTIAL)
		return failure_set(why, "there is no snapshot: '%s' goes on", ring->id);
	return status;
}

int
ringstop_run(struct spool_entry *ring, bool with_snapshot, config_variable *variable,
	     ringstop_report *report, struct failure *why)
{
	struct spool spool = SPOOL_INIT;
	struct strvec lines = STRVEC_INIT;
	int status = spool_open(&spool, variable, why);

	if (status == 0 && with_snapshot)
		status = keep_last(&spool, ring, variable, why);
	if (status >= 0 &&
	    removal_run(&spool, ring->id, REMOVAL_GIVE_UP, variable, &lines, why) < 0)
		status = -1;
	for (size_t i = 0; i < lines.count; i++)
		report("%s", lines.list[i]);
	if (status == 0 && lines.count > 0)
		status = EXIT_PARTIAL;
	strvec_release(&lines);
	spool_close(&spool);
	return status;
}
