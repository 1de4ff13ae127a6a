/*
 * vcap-stop: has a capture stopped on all its engines, then waits as vcap-wait does.
 */
#include "cli.h"
#include "controller/cancel.h"
#include "controller/capture_audit.h"
#include "controller/engine.h"
#include "controller/ringstop.h"
#include "controller/snapshot_entry.h"
#include "controller/spool.h"
#include "controller/waitproc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-stop",
    .says = "Ends a capture before its limits, and waits for its file.",
    .examples = "vcap stop shop\n",
    .synopsis = "[-n | --snapshot] capture",
    .options = "  -n, --no-wait   do not wait for the merged file\n"
	       "      --snapshot  of a rolling capture: keep the last of it, and wait for that\n",
};

struct request {
	const char *word;
	bool waits, has_snapshot;
};

static struct request
parse_options(int argc, char **argv)
{
	enum { SNAPSHOT = 0x100 };
	static const struct option options[] = {{"no-wait", no_argument, NULL, 'n'},
						{"snapshot", no_argument, NULL, SNAPSHOT},
						CLI_OPTIONS};
	struct request request = {.waits = true};
	int opt;

	while ((opt = getopt_long(argc, argv, ":n", options, NULL)) != -1) {
		if (opt != 'n' && opt != SNAPSHOT)
			cli_option(opt, argv);
		request.waits &= opt != 'n';
		request.has_snapshot |= opt == SNAPSHOT;
	}
	if (!request.waits && request.has_snapshot)
		die_usage("'-n' and '--snapshot' exclude each other");
	if (argc - optind != 1)
		die_usage("needs one capture (try --help)");
	request.word = argv[optind];
	return request;
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

static struct spool_entry
find(const struct request *request)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	struct failure why = FAILURE_INIT;
	int found = request->has_snapshot ? ringstop_find(&entry, request->word, getenv, &why)
					  : spool_open_entry(&entry, request->word, getenv, &why);

	if (found == SPOOL_SEVERAL)
		die_usage("%s", why.text);
	if (found < 0)
		die("%s", why.text);
	return entry;
}

int
main(int argc, char **argv)
{
	struct failure why = FAILURE_INIT;
	struct request request;
	struct spool_entry entry;
	char id[SPOOL_ID_MAX];
	int cancelled;

	cli_start(&self);
	request = parse_options(argc, argv);
	cli_siblings_first();
	entry = find(&request);
	if (spool_entry_is_capturing(&entry))
		capture_audit(&entry, CAPTURE_AUDIT_STOP, NULL, getenv, &why);
	cancelled = cancel_waiting(&entry, &why);
	if (cancelled < 0)
		die("%s", why.text);
	if (cancelled) {
		warn("capture '%s' is cancelled", entry.id);
		return EXIT_DONE;
	}
	wait_until_started(&entry);
	if (snapshot_entry_is_ring(&entry, NULL)) {
		int status;

		cli_lend_name();
		status = ringstop_run(&entry, request.has_snapshot, getenv, warn, &why);
		if (status < 0)
			die("%s", why.text);
		return status;
	}
	if (spool_entry_is_capturing(&entry))
		stop(&entry);
	if (!request.waits) {
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
