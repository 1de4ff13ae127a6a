/*
 * vcap-each: runs one command for each engine of a capture, several at a time. Its output, lines of
 * `key value`, and its exit status become the engine's state in the spool.
 */
#include "base/clock.h"
#include "base/parse.h"
#include "base/process.h"
#include "base/strvec.h"
#include "cli.h"
#include "controller/ability.h"
#include "controller/each.h"
#include "controller/engine.h"
#include "controller/fanout.h"
#include "controller/spool.h"
#include "controller/sshmux.h"

#include <stdlib.h>
#include <string.h>

static const struct command self = {
    .name = "vcap-each",
    .synopsis = "[-E list] [-i file] [-j jobs] [-t time] id command [arg ...]",
    .options = "  -E, --engines list  only these engines, separated by commas\n"
	       "  -i, --input file    standard input of each command (none)\n"
	       "  -j, --jobs jobs     how many run at a time (32)\n"
	       "  -t, --timeout time  terminate a command that runs longer (never)\n"
	       "      --help          show this help\n"
	       "      --version       show the version\n",
};

struct request {
	const char *engines, *id;
	char *const *command;
	struct fanout fanout; /* without tasks */
};

static void
record(const struct task *task, void *context)
{
	struct failure why = FAILURE_INIT;

	if (each_record(context, task, &why) < 0)
		warn("%s", why.text);
}

static struct request
parse_options(int argc, char **argv)
{
	static const struct option options[] = {{"engines", required_argument, NULL, 'E'},
						{"input", required_argument, NULL, 'i'},
						{"jobs", required_argument, NULL, 'j'},
						{"timeout", required_argument, NULL, 't'},
						CLI_OPTIONS};
	struct request request = {.fanout = {.jobs = 32, .timeout_ns = -1, .ended = record}};
	uint64_t jobs = 32;
	struct failure why = FAILURE_INIT;
	int opt, rc = 0;

	while ((opt = getopt_long(argc, argv, "+:E:i:j:t:", options, NULL)) != -1) {
		switch (opt) {
		case 'E': request.engines = optarg; break;
		case 'i': request.fanout.input = optarg; break;
		case 'j': rc = parse_number(optarg, 1024, &jobs, &why); break;
		case 't':
			rc =
			    parse_duration(optarg, NS_PER_SECOND, &request.fanout.timeout_ns, &why);
			break;
		default: cli_option(opt, argv);
		}
		if (rc < 0)
			die_usage("%s", why.text);
	}
	if (jobs == 0)
		die_usage("not a number of jobs: '0'");
	if (argc - optind < 2)
		die_usage("needs a capture and a command (try --help)");
	request.fanout.jobs = jobs;
	request.id = argv[optind];
	request.command = argv + optind + 1;
	return request;
}

/* The command for an engine. vcap-on reports one that is not in the engines file any more. */
static char **
command_for(const struct engines *engines, const struct spool_entry *capture, const char *name,
	    char *const *command)
{
	const struct engine *engine = engines_find(engines, name, NULL);
	struct strvec unknown = STRVEC_INIT;
	char **argv;

	if (!engine)
		strvec_pushl(&unknown, "vcap-on", name, "true", NULL);
	argv = engine ? commands_expand(engine, capture->id,
					ability_told(capture, name, engines->audit), command)
		      : strvec_detach(&unknown);
	if (!argv)
		die("out of memory");
	return argv;
}

/* Makes a task for each engine in the request's list, or for all engines without one. */
static void
make_tasks(const struct engines *engines, const struct spool_entry *capture,
	   struct request *request)
{
	struct fanout *fanout = &request->fanout;
	struct strvec names = STRVEC_INIT;
	struct failure why = FAILURE_INIT;

	if (spool_entry_choose(capture, request->engines, &names, &why) < 0)
		die_usage("%s", why.text);
	fanout->count = names.count;
	fanout->tasks = xmalloc((names.count + 1) * sizeof(*fanout->tasks));
	for (size_t i = 0; i < names.count; i++)
		fanout->tasks[i] = (struct task){
		    .name = names.list[i],
		    .argv = command_for(engines, capture, names.list[i], request->command),
		    .child = PROCESS_INIT,
		};
}

int
main(int argc, char **argv)
{
	struct spool_entry capture = SPOOL_ENTRY_INIT;
	struct engines engines = ENGINES_INIT;
	struct failure why = FAILURE_INIT;
	struct request request;
	struct fanout *fanout = &request.fanout;
	int failed;

	cli_start(&self);
	request = parse_options(argc, argv);
	fanout->context = &capture;
	if (engines_load(&engines, getenv, &why) < 0)
		die_usage("%s", why.text);
	if (spool_open_entry(&capture, request.id, getenv, &why) < 0)
		die("%s", why.text);
	sshmux_use(&capture);
	make_tasks(&engines, &capture, &request);
	cli_siblings_first();
	failed = fanout_run(fanout, &why);
	if (failed < 0)
		die("%s", why.text);
	return failed == 0                       ? EXIT_DONE
	       : (size_t)failed == fanout->count ? EXIT_FAILED
						 : EXIT_PARTIAL;
}
