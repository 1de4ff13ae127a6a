/*
 * vcap-each: one command per engine of a capture, several at a time. The command's `key value`
 * lines and how it ended become the engine's state in the spool.
 */
#include "base/clock.h"
#include "base/keyval.h"
#include "base/parse.h"
#include "base/process.h"
#include "base/strvec.h"
#include "cli.h"
#include "controller/commands.h"
#include "controller/engine.h"
#include "controller/engine_state.h"
#include "controller/fanout.h"
#include "controller/spool.h"

#include <stdlib.h>
#include <string.h>

static const struct command self = {
    .name = "vcap-each",
    .synopsis = "[-E list] [-i file] [-j jobs] [-t time] id command [arg ...]",
    .options = "  -E, --engines list  only these engines, separated by commas\n"
	       "  -i, --input file    what every command reads (nothing)\n"
	       "  -j, --jobs jobs     how many run at a time (32)\n"
	       "  -t, --timeout time  end a command that runs longer (never)\n"
	       "      --help          show this help\n"
	       "      --version       show the version\n",
};

struct request {
	const char *engines, *input, *id;
	char *const *command;
	uint64_t jobs;
	int64_t timeout_ns;
};

static struct request
parse_options(int argc, char **argv)
{
	static const struct option options[] = {{"engines", required_argument, NULL, 'E'},
						{"input", required_argument, NULL, 'i'},
						{"jobs", required_argument, NULL, 'j'},
						{"timeout", required_argument, NULL, 't'},
						CLI_OPTIONS};
	struct request request = {.jobs = 32, .timeout_ns = -1};
	struct failure why = FAILURE_INIT;
	int opt, rc = 0;

	while ((opt = getopt_long(argc, argv, "+:E:i:j:t:", options, NULL)) != -1) {
		switch (opt) {
		case 'E': request.engines = optarg; break;
		case 'i': request.input = optarg; break;
		case 'j': rc = parse_number(optarg, 1024, &request.jobs, &why); break;
		case 't':
			rc = parse_duration(optarg, NS_PER_SECOND, &request.timeout_ns, &why);
			break;
		default: cli_option(opt, argv);
		}
		if (rc < 0)
			die_usage("%s", why.text);
	}
	if (request.jobs == 0)
		die_usage("not a number of jobs: '0'");
	if (argc - optind < 2)
		die_usage("needs a capture and a command (try --help)");
	request.id = argv[optind];
	request.command = argv + optind + 1;
	return request;
}

/* A task without a command for each of the engines in list, or of all if it is NULL. */
static struct task *
choose_engines(const struct spool_entry *capture, const char *list, size_t *count)
{
	struct strvec names = STRVEC_INIT;
	struct failure why = FAILURE_INIT;
	struct task *tasks;

	if (spool_entry_choose(capture, list, &names, &why) < 0)
		die_usage("%s", why.text);
	tasks = xmalloc((names.count + 1) * sizeof(*tasks));
	for (*count = 0; *count < names.count; ++*count)
		tasks[*count] = (struct task){.name = names.list[*count], .child = PROCESS_INIT};
	return tasks;
}

/* Records how the command for one engine ended. */
static void
record(const struct task *task, void *context)
{
	const char *error = task->status == EXIT_TIMEOUT ? "no answer in time" : task->err;
	struct failure why = FAILURE_INIT;

	if (engine_state_append_log(context, task->name, task->err, &why) < 0 ||
	    engine_state_record(context, task->name, task->out, error, task->status, &why) < 0)
		warn("%s", why.text);
}

/* The command for an engine. vcap-on reports one that is no longer in the engines file. */
static char **
command_for(const struct engines *engines, const struct spool_entry *capture, const char *name,
	    char *const *command)
{
	const struct engine *engine = engines_find(engines, name, NULL);
	char **argv;

	if (engine) {
		argv = commands_expand(engine, capture->id, command);
	} else {
		argv = xmalloc(4 * sizeof(*argv));
		memcpy(argv, (char *[]){"vcap-on", (char *)name, "true", NULL}, 4 * sizeof(*argv));
	}
	if (!argv)
		die("out of memory");
	return argv;
}

int
main(int argc, char **argv)
{
	struct spool_entry capture = SPOOL_ENTRY_INIT;
	struct engines engines = ENGINES_INIT;
	struct failure why = FAILURE_INIT;
	struct request request;
	struct task *tasks;
	size_t count;
	int failed;

	cli_start(&self);
	request = parse_options(argc, argv);
	if (engines_load(&engines, getenv, &why) < 0)
		die_usage("%s", why.text);
	if (spool_open_entry(&capture, request.id, getenv, &why) < 0)
		die("%s", why.text);
	tasks = choose_engines(&capture, request.engines, &count);
	for (size_t i = 0; i < count; i++)
		tasks[i].argv = command_for(&engines, &capture, tasks[i].name, request.command);
	cli_siblings_first();
	failed = fanout_run(tasks, count, request.jobs, request.input, request.timeout_ns, record,
			    &capture, &why);
	if (failed < 0)
		die("%s", why.text);
	if (failed == 0)
		return EXIT_DONE;
	return (size_t)failed == count ? EXIT_FAILED : EXIT_PARTIAL;
}
