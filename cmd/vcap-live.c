/*
 * vcap-live: streams the packets of a service from all its engines to standard output.
 */
#include "cli.h"
#include "controller/live.h"
#include "controller/params_cli.h"
#include "controller/start.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-live",
    .says = "Streams the packets of a service from all its engines, as they come.",
    .examples = "vcap live shop | wireshark -k -i -\nvcap live shop 10.1.1.1 | tshark -r -\n",
    .synopsis = PARAMS_CLI_SYNOPSIS_LIVE,
    .options = PARAMS_CLI_HELP_LIVE,
};

static volatile sig_atomic_t interrupts;

static void
interrupt(int number)
{
	(void)number;
	interrupts++;
}

static void
parse_options(int argc, char **argv, struct params_cli *cli)
{
	static const struct option options[] = {PARAMS_CLI_OPTIONS, PARAMS_CLI_LIVE, CLI_OPTIONS};
	struct failure why = FAILURE_INIT;
	int opt;

	while ((opt = getopt_long(argc, argv, ":" PARAMS_CLI_LETTERS_LIVE, options, NULL)) != -1) {
		int rc = params_cli_option(cli, opt, optarg, &why);

		if (rc == 0)
			cli_option(opt, argv);
		if (rc < 0)
			die_usage("%s", why.text);
	}
	if (optind == argc)
		die_usage("needs a service (try --help)");
}

static char *
make_job(struct params *params)
{
	struct failure why = FAILURE_INIT;
	char *job;
	int status;

	cli_lend_name();
	status = start_compile(params, &why);
	cli_take_name_back();
	if (status < 0)
		die("%s", why.text);
	if (status > 0)
		exit(status == EXIT_MISUSE ? EXIT_MISUSE : EXIT_FAILED);
	job = params_job(params);
	if (!job)
		die("out of memory");
	return job;
}

static void
report(const struct livestream *livestream, const char *line)
{
	if (!live_has_reader() || (!line && livestream->is_let_go))
		return;
	if (line)
		warn("engine '%s': %s", livestream->engine, line);
	else if (livestream->status == EXIT_TIMEOUT)
		warn("engine '%s' did not end when it should, and was cut off", livestream->engine);
	else if (livestream->is_lost && livestream->has_begun)
		warn("engine '%s' was lost: connecting again", livestream->engine);
	else if (livestream->status != 128 + SIGPIPE && /* the merge, which has ended, says why */
		 (livestream->is_lost || livestream_has_failed(livestream)))
		warn("engine '%s' does not capture: status %d", livestream->engine,
		     livestream->status);
}

static void
report_clock(const char *engine, const struct clock_offset *offset)
{
	char text[CLOCK_OFFSET_TEXT];

	if (!offset)
		warn("engine '%s' did not send its time: its packets are merged without correction",
		     engine);
	else if (clock_offset_is_certain(offset))
		warn("engine '%s': its clock is off by %.*s s, which is corrected", engine,
		     (int)strcspn(clock_offset_print(offset, text), " "), text);
}

static void
report_silence(void)
{
	warn("no heartbeat came in time: the capture is ended");
}

/* Blocks the signals that end the capture, and makes children ignore ^C, as they exit at the end of
 * their inputs. *usual is the mask before. */
static void
hold_signals(sigset_t *usual)
{
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, usual);
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

int
main(int argc, char **argv)
{
	struct params_cli cli = PARAMS_CLI_INIT;
	struct failure why = FAILURE_INIT;
	struct live live = {
	    .prints = isatty(STDOUT_FILENO), .streams.report = report, .interrupted = &interrupts};
	sigset_t usual;

	cli_start(&self);
	parse_options(argc, argv, &cli);
	cli_siblings_first();
	if (params_cli_complete(&cli, argv + optind, getenv, &why) < 0)
		die_usage("%s", why.text);
	live.streams.job = make_job(&cli.params);
	params_cli_tell_origin(&cli, warn);
	if (cli.remark[0] && cli.params.is_verbose)
		warn("%s", cli.remark);
	hold_signals(&usual);
	live.streams.signals = &usual;
	live.streams.report_clock = report_clock;
	live.report_silence = report_silence;
	if (live_start(&live, &cli, getenv, &why) < 0 || live_merge(&live, &why) < 0)
		die("%s", why.text);
	signal(SIGINT, interrupt);
	signal(SIGTERM, interrupt);
	return live_run(&live);
}
