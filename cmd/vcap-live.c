/*
 * vcap-live: the packets of a service on all its engines, as they come, as one stream on
 * standard output. Every engine runs vcap-run for as long as it hears from here, and vcap-merge
 * --live makes one of the streams.
 */
#include "base/clock.h"
#include "base/parse.h"
#include "base/process.h"
#include "base/strvec.h"
#include "cli.h"
#include "controller/clock_compare.h"
#include "controller/commands.h"
#include "controller/engine.h"
#include "controller/livestream.h"
#include "controller/params.h"
#include "controller/params_cli.h"
#include "controller/start.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long engines have to send the rest and end once they are told to. */
#define GRACE_NS INT64_C(5000000000)

/* How long engines have to tell their time. */
#define CLOCK_NS INT64_C(5000000000)

/* How long engines go on without a word from here. */
#define LEASE_NS INT64_C(15000000000)

static const struct command self = {
    .name = "vcap-live",
    .synopsis = "[-Px] [-c count] [-e expr] [-E list] [-m mode] [-s snaplen] [-t time] "
		"[--lease time] [--specs file] service [spec ...]",
    .options =
	PARAMS_CLI_HELP "      --lease time      how long engines go on without word from here "
			"(15s)\n" PARAMS_CLI_HELP_SPECS "      --help            show this help\n"
			"      --version         show the version\n",
};

static volatile sig_atomic_t interrupts;

static void
interrupt(int number)
{
	(void)number;
	interrupts++;
}

static void
parse_options(int argc, char **argv, struct params_cli *cli, int64_t *lease_ns)
{
	enum { LEASE = 0x100 };
	static const struct option options[] = {
	    PARAMS_CLI_OPTIONS, {"lease", required_argument, NULL, LEASE}, CLI_OPTIONS};
	struct failure why = FAILURE_INIT;
	int opt;

	while ((opt = getopt_long(argc, argv, ":" PARAMS_CLI_LETTERS, options, NULL)) != -1) {
		int rc = params_cli_option(cli, opt, optarg, &why);

		if (rc == 0 && opt == LEASE)
			rc = parse_duration(optarg, NS_PER_SECOND, lease_ns, &why);
		else if (rc == 0)
			cli_option(opt, argv);
		if (rc < 0)
			die_usage("%s", why.text);
	}
	if (optind == argc)
		die_usage("needs a service (try --help)");
	if (isatty(STDOUT_FILENO))
		die_usage("standard output is a terminal: use a pipe");
}

/* The job for the engines. */
static char *
make_job(struct params *params)
{
	struct failure why = FAILURE_INIT;
	char *job;
	int status = start_compile(params, &why);

	if (status < 0)
		die("%s", why.text);
	if (status > 0)
		exit(status == EXIT_MISUSE ? EXIT_MISUSE : EXIT_FAILED);
	job = params_job(params);
	if (!job)
		die("out of memory");
	return job;
}

/* An engine that did what it should ends well once its lease is let go. */
static bool
has_failed(const struct livestream *livestream)
{
	return livestream->has_ended && livestream->status != EXIT_DONE &&
	       livestream->status != EXIT_PARTIAL;
}

static void
told(const struct livestream *livestream, const char *line)
{
	if (line)
		warn("engine '%s': %s", livestream->engine, line);
	else if (has_failed(livestream))
		warn("engine '%s' does not capture (any more): status %d", livestream->engine,
		     livestream->status);
}

/* What a region captures comes as a file, when it is complete. */
static void
refuse_regions(const struct params_cli *cli)
{
	for (char *const *name = cli->params.engines; *name; name++) {
		const struct engine *engine = engines_find(&cli->engines, *name, NULL);

		if (engine && engine->is_region)
			die_usage("engine '%s' is a region, and there is no live stream "
				  "of those",
				  *name);
	}
}

static struct livestream *
start_streams(const struct params_cli *cli, int64_t lease_ns, size_t *count)
{
	char **command = commands_stream(&cli->params, lease_ns);
	struct livestream *streams = NULL;
	struct failure why = FAILURE_INIT;

	for (*count = 0; cli->params.engines[*count]; ++*count) {
		const char *name = cli->params.engines[*count];
		const struct engine *engine = engines_find(&cli->engines, name, &why);
		char **argv = engine && command ? commands_expand(engine, "live", command) : NULL;

		if (!argv)
			die("out of memory");
		streams = xrealloc(streams, (*count + 1) * sizeof(*streams));
		if (livestream_start(&streams[*count], name, argv, &why) < 0)
			warn("engine '%s': %s", name, why.text);
		strvec_free(argv);
	}
	strvec_free(command);
	return streams;
}

static void
told_clock(const char *engine, const struct clock_offset *offset)
{
	char text[CLOCK_OFFSET_TEXT];

	if (!offset)
		warn("engine '%s' does not tell its time, which is taken as it is", engine);
	else if (clock_offset_is_certain(offset))
		warn("engine '%s': its clock is off by %.*s s, which is put right", engine,
		     (int)strcspn(clock_offset_print(offset, text), " "), text);
}

/* How clocks of engines are to be put right, as vcap-merge takes it. */
static struct strvec
compare_clocks(const struct params *params)
{
	struct strvec corrections = STRVEC_INIT;

	clock_compare_engines(params->engines, CLOCK_NS, &corrections, told_clock);
	if (corrections.failed)
		die("out of memory");
	return corrections;
}

/* The reader of all streams. */
static struct process
start_merge(const struct params *params, const struct strvec *corrections,
	    struct livestream *streams, size_t count)
{
	struct strvec argv = STRVEC_INIT;
	struct failure why = FAILURE_INIT;
	struct process merge = PROCESS_INIT;

	strvec_pushl(&argv, "vcap-merge", "--live", "-S", NULL);
	strvec_push(&argv, params->word);
	for (size_t i = 0; i < corrections->count; i++)
		strvec_pushf(&argv, "-o%s", corrections->list[i]);
	strvec_push(&argv, "--");
	for (size_t i = 0; i < count; i++)
		if (streams[i].out >= 0 && fcntl(streams[i].out, F_SETFD, 0) == 0)
			strvec_pushf(&argv, "%s=/dev/fd/%d", streams[i].engine, streams[i].out);
	if (argv.failed)
		die("out of memory");
	if (process_start(&merge, argv.list, -1, STDOUT_FILENO, STDERR_FILENO, &why) < 0)
		die("%s", why.text);
	for (size_t i = 0; i < count; i++)
		close(streams[i].out);
	strvec_release(&argv);
	return merge;
}

/* Until the merge has ended, or a signal and then all that is left: status of the merge. */
static int
tend(struct livestream *streams, size_t count, const char *job, int64_t every_ns,
     struct process *merge, const sigset_t *signals)
{
	bool runs = true;

	while (runs && interrupts == 0)
		runs = livestreams_tend(streams, count, job, every_ns, merge, -1, signals, told);
	livestreams_release(streams, count);
	if (runs)
		runs =
		    livestreams_tend(streams, count, job, every_ns, merge, GRACE_NS, signals, told);
	if (!runs)
		livestreams_tend(streams, count, job, every_ns, NULL, GRACE_NS, signals, told);
	livestreams_end(streams, count, told);
	return process_wait(merge, GRACE_NS);
}

/* What the engines and the merge have come to. */
static int
sum_up(const struct livestream *streams, size_t count, int merge_status)
{
	size_t failed = 0;

	for (size_t i = 0; i < count; i++)
		failed += has_failed(&streams[i]);
	if (failed == count || (merge_status != EXIT_DONE && merge_status != EXIT_PARTIAL))
		return EXIT_FAILED;
	return failed ? EXIT_PARTIAL : merge_status;
}

int
main(int argc, char **argv)
{
	struct params_cli cli = PARAMS_CLI_INIT;
	struct failure why = FAILURE_INIT;
	struct strvec corrections;
	struct livestream *streams;
	sigset_t blocked, usual;
	struct process merge;
	int64_t lease_ns = LEASE_NS;
	size_t count;
	char *job;

	cli_start(&self);
	parse_options(argc, argv, &cli, &lease_ns);
	if (process_siblings_first() < 0)
		die("out of memory");
	if (params_cli_complete(&cli, argv + optind, getenv, &why) < 0)
		die_usage("%s", why.text);
	refuse_regions(&cli);
	job = make_job(&cli.params);
	if (cli.remark.text[0])
		warn("%s", cli.remark.text);
	/* A ^C is for this process, which then lets all others end well. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &usual);
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	corrections = compare_clocks(&cli.params);
	streams = start_streams(&cli, lease_ns, &count);
	merge = start_merge(&cli.params, &corrections, streams, count);
	signal(SIGINT, interrupt);
	signal(SIGTERM, interrupt);
	return sum_up(streams, count, tend(streams, count, job, lease_ns / 3, &merge, &usual));
}
