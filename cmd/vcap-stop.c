/*
 * vcap-stop: has a capture stopped on all its engines, then waits as vcap-wait does.
 */
#include "cli.h"
#include "controller/capture_audit.h"
#include "controller/engine.h"
#include "controller/spool.h"
#include "controller/waitproc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-stop",
    .says = "Ends a capture before its limits, and waits for its file.",
    .examples = "vcap stop shop\n",
    .synopsis = "[-n] capture",
    .options = "  -n, --no-wait  do not wait for the merged file\n",
};

static const char *
parse_options(int argc, char **argv, bool *waits)
{
	static const struct option options[] = {{"no-wait", no_argument, NULL, 'n'}, CLI_OPTIONS};
	int opt;

	*waits = true;
	while ((opt = getopt_long(argc, argv, ":n", options, NULL)) != -1) {
		if (opt != 'n')
			cli_option(opt, argv);
		*waits = false;
	}
	if (argc - optind != 1)
		die_usage("needs one capture (try --help)");
	return argv[optind];
}

/* A capture that is being started cannot be stopped before its engines have been. */
static void
wait_until_started(struct spool_entry *entry)
{
	struct failure why = FAILURE_INIT;

	while (spool_entry_state(entry) == CAPTURE_STARTING && spool_entry_is_locked(entry)) {
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
		if (spool_entry_reload(entry, &why) < 0)
			die("%s", why.text);
	}
}

/* Cancels a capture that has not begun: the process that waits for its start time removes it.
 * Whether it has been cancelled. */
static bool
cancel(struct spool_entry *entry)
{
	struct failure why = FAILURE_INIT;

	if (spool_entry_state(entry) != CAPTURE_WAITING)
		return false;
	if (spool_entry_ask_stop(entry, &why) < 0)
		die("%s", why.text);
	/* If it is gone already, another process cannot write its log there. */
	if (waitproc_revive(entry, &why) < 0 && !spool_was_withdrawn(entry))
		die("%s", why.text);
	while (!spool_was_withdrawn(entry) && spool_entry_state(entry) == CAPTURE_WAITING) {
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
		if (spool_entry_reload(entry, &why) < 0 && !spool_was_withdrawn(entry))
			die("%s", why.text);
	}
	return spool_was_withdrawn(entry);
}

/* Asks vcap-wait to end it on the engines, which it does as soon as it can reach them. */
static void
stop(const struct spool_entry *entry)
{
	struct engines engines = ENGINES_INIT;
	struct failure why = FAILURE_INIT;

	if (spool_entry_ask_stop(entry, &why) < 0)
		die("%s", why.text);
	if (engines_load(&engines, getenv, &why) == 0) {
		engines_release(&engines);
		return;
	}
	warn("%s", why.text);
	die_usage("capture '%s' is still running: correct the engines file first", entry->id);
}

int
main(int argc, char **argv)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	struct failure why = FAILURE_INIT;
	const char *word;
	char id[SPOOL_ID_MAX];
	bool waits;
	int found;

	cli_start(&self);
	word = parse_options(argc, argv, &waits);
	cli_siblings_first();
	found = spool_open_entry(&entry, word, getenv, &why);
	if (found == SPOOL_SEVERAL)
		die_usage("%s", why.text);
	if (found < 0)
		die("%s", why.text);
	if (spool_entry_is_capturing(&entry))
		capture_audit(&entry, CAPTURE_AUDIT_STOP, NULL, getenv, &why);
	if (cancel(&entry)) {
		warn("capture '%s' is cancelled", entry.id);
		return EXIT_DONE;
	}
	wait_until_started(&entry);
	if (spool_entry_is_capturing(&entry))
		stop(&entry);
	if (!waits) {
		if (waitproc_revive(&entry, &why) < 0)
			die("%s", why.text);
		return EXIT_DONE;
	}
	memcpy(id, entry.id, sizeof(id));
	spool_entry_close(&entry);
	cli_lend_name();
	execlp("vcap-wait", "vcap-wait", id, NULL);
	die("cannot run 'vcap-wait': %s", strerror(errno));
}
