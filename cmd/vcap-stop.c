/*
 * vcap-stop: ends a capture on all its engines, and then waits as vcap-wait does.
 */
#include "base/strvec.h"
#include "cli.h"
#include "controller/commands.h"
#include "controller/each.h"
#include "controller/engine_state.h"
#include "controller/spool.h"
#include "controller/waitproc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-stop",
    .synopsis = "[-n] capture",
    .options = "  -n, --no-wait  do not wait until it is one file\n"
	       "      --help     show this help\n"
	       "      --version  show the version\n",
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

/* One that is just being started is stopped once it is. */
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

/* A capture that has not begun is removed, by the process that waits for its time. */
static bool
cancel(struct spool_entry *entry)
{
	struct failure why = FAILURE_INIT;

	if (spool_entry_state(entry) != CAPTURE_WAITING)
		return false;
	if (spool_entry_ask_stop(entry, &why) < 0)
		die("%s", why.text);
	/* It may be gone already, and have no place for the log of another process. */
	if (waitproc_revive(entry, &why) < 0 && !spool_was_withdrawn(entry))
		die("%s", why.text);
	while (!spool_was_withdrawn(entry) && spool_entry_state(entry) == CAPTURE_WAITING) {
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
		if (spool_entry_reload(entry, &why) < 0 && !spool_was_withdrawn(entry))
			die("%s", why.text);
	}
	return spool_was_withdrawn(entry);
}

/* An engine that does not obey now is vcap-wait's to be patient with. */
static void
stop_engines(const struct spool_entry *entry)
{
	struct strvec names = spool_entry_participants(entry);
	struct failure why = FAILURE_INIT;
	int status;

	status = spool_entry_ask_stop(entry, &why);
	if (status == 0)
		status = each_run(entry, &names, (struct each_options){.timeout = "60s"},
				  commands_each(COMMANDS_STOP), &why);
	if (status < 0)
		die("%s", why.text);
	/* It has said what is wrong with the engines file. */
	if (status == EXIT_MISUSE)
		die_usage("capture '%s' goes on until the engines file is put right", entry->id);
	for (size_t i = 0; i < names.count; i++) {
		char *reason = engine_state_failure(entry, names.list[i]);

		if (reason)
			warn("engine '%s' could not be told to stop: %s", names.list[i], reason);
		free(reason);
	}
	strvec_release(&names);
}

int
main(int argc, char **argv)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	struct failure why = FAILURE_INIT;
	const char *word;
	char id[SPOOL_ENTRY_ID];
	bool waits;

	cli_start(&self);
	word = parse_options(argc, argv, &waits);
	cli_siblings_first();
	if (spool_open_entry(&entry, word, getenv, &why) < 0)
		die("%s", why.text);
	if (cancel(&entry)) {
		warn("capture '%s' is called off", entry.id);
		return EXIT_DONE;
	}
	wait_until_started(&entry);
	if (!spool_entry_is_over(&entry))
		stop_engines(&entry);
	if (!waits) {
		if (waitproc_revive(&entry, &why) < 0)
			die("%s", why.text);
		return EXIT_DONE;
	}
	memcpy(id, entry.id, sizeof(id));
	spool_entry_close(&entry);
	execlp("vcap-wait", "vcap-wait", id, NULL);
	die("cannot run 'vcap-wait': %s", strerror(errno));
}
