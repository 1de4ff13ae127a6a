/*
 * vcap-wait: waits until a capture is one file. The first vcap-wait does the work: it polls the
 * engines, fetches and merges; others wait for it, and take over if it is killed.
 */
#include "base/clock.h"
#include "base/parse.h"
#include "cli.h"
#include "controller/collect.h"
#include "controller/removal.h"
#include "controller/schedule.h"
#include "controller/spool.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command self = {
    .name = "vcap-wait",
    .synopsis = "[--poll time] [--quiet] capture",
    .options = "      --poll time  interval between polls of the engines (1s, later 10s)\n"
	       "      --quiet      print only errors and the path\n"
	       "      --help       show this help\n"
	       "      --version    show the version\n",
};

static const char *
parse_options(int argc, char **argv, int64_t *poll_ns, bool *is_quiet)
{
	enum { POLL = 0x100, QUIET };
	static const struct option options[] = {{"poll", required_argument, NULL, POLL},
						{"quiet", no_argument, NULL, QUIET},
						CLI_OPTIONS};
	struct failure why = FAILURE_INIT;
	int opt;

	*poll_ns = 0;
	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1)
		switch (opt) {
		case QUIET: *is_quiet = true; break;
		case POLL:
			if (parse_duration(optarg, NS_PER_SECOND, poll_ns, &why) < 0)
				die_usage("%s", why.text);
			break;
		default: cli_option(opt, argv);
		}
	if (argc - optind != 1)
		die_usage("needs one capture (try --help)");
	return argv[optind];
}

/* Waits until the capture has begun. */
static int
begin(const struct spool *spool, struct spool_entry *entry, struct failure *why)
{
	struct failure end;
	bool cancelled;

	if (schedule_wait(entry, &cancelled, why) < 0)
		return -1;
	if (!cancelled)
		return 0;
	removal_cancelled(entry, &end);
	die("%s", spool_withdraw(spool, entry, why) < 0 ? why->text : end.text);
}

/* Does the remaining steps, of a failed capture those that failed, and fetches what engines still
 * have of one with a file. A failure makes the capture failed, except for lack of disk space. */
static void
work(const struct spool *spool, struct spool_entry *entry, int64_t poll_ns)
{
	struct collect collect = {.entry = entry, .variable = getenv, .poll_ns = poll_ns};
	struct failure why = FAILURE_INIT;

	if (spool_entry_has_merged(entry)) {
		if (collect_complete(&collect, &why) < 0)
			warn("%s", why.text);
	} else if (begin(spool, entry, &why) < 0 || collect_watch(&collect, &why) < 0 ||
		   collect_fetch(&collect, &why) < 0 || collect_merge(&collect, &why) < 0 ||
		   collect_finish(&collect, &why) < 0) {
		const enum capture_state state =
		    collect.is_short ? spool_entry_state(entry) : CAPTURE_FAILED;

		if (removal_check(entry, &why) < 0 ||
		    spool_entry_set_state(entry, state, why.text, NULL) < 0)
			die("%s", why.text);
	}
	collect_release(&collect);
}

static int
conclude(const struct spool_entry *entry)
{
	const enum capture_state state = spool_entry_state(entry);
	const char *message = keyval_get(&entry->facts, "message");

	if (state == CAPTURE_DONE) {
		if (message && *message)
			warn("%s", message);
		return EXIT_DONE;
	}
	if (!spool_entry_is_over(entry))
		die("capture '%s' is incomplete: %s (make room, then run 'vcap wait %s')",
		    entry->id, message ? message : "", entry->id);
	if (state == CAPTURE_PARTIAL) {
		warn("capture '%s' is partial: %s", entry->id, message ? message : "");
		return EXIT_PARTIAL;
	}
	warn("capture '%s' failed: %s (to try again: 'vcap wait %s')", entry->id,
	     message ? message : "", entry->id);
	return EXIT_FAILED;
}

int
main(int argc, char **argv)
{
	struct spool spool = SPOOL_INIT;
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	struct failure why = FAILURE_INIT;
	const char *word, *remark;
	bool is_quiet = false, was_over;
	int64_t poll_ns;
	int found, status;

	cli_start(&self);
	word = parse_options(argc, argv, &poll_ns, &is_quiet);
	cli_siblings_first();
	found = spool_open(&spool, getenv, &why) < 0 ? -1 : spool_find(&spool, word, &entry, &why);
	if (found == SPOOL_SEVERAL)
		die_usage("%s", why.text);
	if (found < 0)
		die("%s", why.text);
	/* What another one has just tried is not tried again at once. */
	was_over = spool_entry_is_over(&entry);
	found = spool_entry_lock(&entry, &why);
	if (removal_check(&entry, &why) < 0 || found < 0)
		die("%s", why.text);
	if (was_over || !spool_entry_has_merged(&entry))
		work(&spool, &entry, poll_ns);
	remark = keyval_get(&entry.facts, "remark");
	if (!is_quiet && remark && *remark)
		warn("%s", remark);
	status = conclude(&entry);
	if (status != EXIT_FAILED)
		printf("%s/%s.pcapng\n", entry.path, entry.id);
	spool_entry_close(&entry);
	spool_close(&spool);
	return cli_finish(status);
}
