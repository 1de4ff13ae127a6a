/*
 * vcap-start: starts a capture of a service on all its engines and a vcap-wait in the background that
 * will fetch and merge it, and prints its id. All arguments are checked before anything is written.
 */
#include "base/clock.h"
#include "base/datetime.h"
#include "base/diskquota.h"
#include "base/parse.h"
#include "cli.h"
#include "controller/dryrun.h"
#include "controller/params.h"
#include "controller/params_cli.h"
#include "controller/spool.h"
#include "controller/start.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static const struct command self = {
    .name = "vcap-start",
    .says = "Starts a capture of a service on all its engines, and prints its id.",
    .examples = "vcap start shop -t 5\nvcap start shop -c 1000 -t 5 10.1.1.1 10.2.0.0/16\n",
    .synopsis = PARAMS_CLI_SYNOPSIS_START,
    .options = PARAMS_CLI_HELP_START,
};

/* This, and a vcap-wait in the foreground; it hands on what it is given. */
static const struct command capture = {
    .name = "vcap-capture",
    .says = "Captures a service on all its engines, and waits for the file.",
    .examples = "vcap capture shop -t 5\nvcap capture shop -c 1000 -t 5 10.1.1.1 10.2.0.0/16\n",
    .synopsis = PARAMS_CLI_SYNOPSIS_CAPTURE,
    .options = PARAMS_CLI_HELP_CAPTURE,
};

/* Returns whether it is only to be said what would be done. */
static bool
parse_options(int argc, char **argv, const struct command *command, struct params_cli *cli)
{
	enum { PATIENCE = 0x100, AT, DRY_RUN };
	static const struct option options[] = {PARAMS_CLI_OPTIONS,
						PARAMS_CLI_RECORDED,
						{"patience", required_argument, NULL, PATIENCE},
						{"at", required_argument, NULL, AT},
						{"dry-run", no_argument, NULL, DRY_RUN},
						CLI_OPTIONS};
	struct failure why = FAILURE_INIT;
	bool is_dry = false;
	int opt;

	while ((opt = getopt_long(argc, argv, ":" PARAMS_CLI_LETTERS, options, NULL)) != -1) {
		int rc = params_cli_option(cli, opt, optarg, &why);

		if ((opt == DRY_RUN || opt == PARAMS_CLI_ROLLING) && command == &capture)
			die_usage("use 'vcap start --%s'", opt == DRY_RUN ? "dry-run" : "rolling");
		if (rc == 0 && opt != AT && opt != PATIENCE && opt != DRY_RUN)
			cli_option(opt, argv);
		is_dry |= opt == DRY_RUN;
		if (opt == AT)
			rc = datetime_parse(optarg, clock_realtime_ns(), &cli->params.at_ns, &why);
		else if (opt == PATIENCE)
			rc = parse_duration(optarg, NS_PER_SECOND, &cli->params.patience_ns, &why);
		if (rc < 0)
			die_usage("%s", why.text);
	}
	if (optind == argc)
		die_usage("needs a service (try --help)");
	return is_dry;
}

static void
compile(struct params *params)
{
	struct failure why = FAILURE_INIT;
	int status;

	cli_lend_name();
	status = start_compile(params, &why);
	cli_take_name_back();
	if (status < 0)
		die("%s", why.text);
	if (status > 0)
		exit(status == EXIT_MISUSE ? EXIT_MISUSE : EXIT_FAILED);
}

static void
warn_of_missing(const char *engine, enum start_outcome outcome, const char *reason)
{
	if (outcome == START_REFUSED)
		warn("engine '%s' does not capture: %s", engine, reason);
	else
		warn("engine '%s' has not said that it captures: %s", engine, reason);
}

/* A capture that does not start leaves nothing behind. */
static int
start(const struct params *params, const struct spool *spool, struct spool_entry *entry)
{
	struct failure why = FAILURE_INIT;
	bool is_running;
	int status = start_capture(params, entry, getenv, warn_of_missing, &is_running, &why);

	if (status >= 0)
		return status;
	if (is_running)
		die("%s", why.text);
	warn("%s", why.text);
	if (spool_withdraw(spool, entry, &why) < 0)
		die("%s", why.text);
	exit(EXIT_FAILED);
}

int
main(int argc, char **argv)
{
	const struct command *command = cli_is_asked_by(capture.name) ? &capture : &self;
	struct params_cli cli = PARAMS_CLI_INIT;
	struct params *params = &cli.params;
	struct keyval facts = KEYVAL_INIT;
	struct spool spool = SPOOL_INIT;
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	struct failure why = FAILURE_INIT;
	bool is_dry;
	int status;

	cli_start(command);
	is_dry = parse_options(argc, argv, command, &cli);
	cli_siblings_first();
	if (params_cli_complete(&cli, argv + optind, getenv, &why) < 0)
		die_usage("%s", why.text);
	compile(params);
	params_cli_tell_origin(&cli, warn);
	if (is_dry) {
		status = dryrun_print(params, &cli.engines, stdout, &why);
		if (status < 0)
			die("%s", why.text);
		return cli_finish(status);
	}
	if (params_facts(params, &facts) < 0)
		die("out of memory");
	if (spool_open(&spool, getenv, &why) < 0 ||
	    diskquota_check_room(spool.dir, spool.path, 0, &why) < 0 ||
	    spool_create(&spool, params->service, &facts, &entry, &why) < 0)
		die("%s", why.text);
	params_cli_tell(&cli, warn);
	status = start(params, &spool, &entry);
	puts(entry.id);
	return cli_finish(status);
}
