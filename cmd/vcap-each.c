/*
 * vcap-each: runs one command for each engine of a capture, several at a time. Its output, lines of
 * `key value`, and its exit status become the engine's state in the spool.
 */
#include "base/clock.h"
#include "base/parse.h"
#include "cli.h"
#include "controller/eachrun.h"
#include "controller/engine.h"
#include "controller/spool.h"
#include "controller/sshmux.h"

#include <stdlib.h>
#include <string.h>

static const struct command self = {
    .name = "vcap-each",
    .says = "Runs a command for every engine of a capture.",
    .examples = "vcap-each shop vcap-on {} vcap-host status {dir}\n",
    .synopsis = "[-E list] [-i file] [-j jobs] [-t time] id command [arg ...]",
    .options = "  -E, --engines list  only these engines, separated by commas\n"
	       "  -i, --input file    standard input of each command (none)\n"
	       "  -j, --jobs jobs     how many run at a time (32)\n"
	       "  -t, --timeout time  terminate a command that runs longer (never)\n",
};

struct request {
	const char *engines, *id;
	struct eachrun run;
};

static struct request
parse_options(int argc, char **argv)
{
	static const struct option options[] = {{"engines", required_argument, NULL, 'E'},
						{"input", required_argument, NULL, 'i'},
						{"jobs", required_argument, NULL, 'j'},
						{"timeout", required_argument, NULL, 't'},
						CLI_OPTIONS};
	struct request request = {.run = {.timeout_ns = -1, .remark = warn}};
	uint64_t jobs = 32;
	struct failure why = FAILURE_INIT;
	int opt, rc = 0;

	while ((opt = getopt_long(argc, argv, "+:E:i:j:t:", options, NULL)) != -1) {
		switch (opt) {
		case 'E': request.engines = optarg; break;
		case 'i': request.run.input = optarg; break;
		case 'j': rc = parse_number(optarg, 1024, &jobs, &why); break;
		case 't':
			rc = parse_duration(optarg, NS_PER_SECOND, &request.run.timeout_ns, &why);
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
	request.run.jobs = jobs;
	request.id = argv[optind];
	request.run.template = argv + optind + 1;
	return request;
}

int
main(int argc, char **argv)
{
	struct spool_entry capture = SPOOL_ENTRY_INIT;
	struct engines engines = ENGINES_INIT;
	struct failure why = FAILURE_INIT;
	struct request request;
	int failed;

	cli_start(&self);
	request = parse_options(argc, argv);
	if (engines_load(&engines, getenv, &why) < 0)
		die_usage("%s", why.text);
	if (spool_open_entry(&capture, request.id, getenv, &why) < 0)
		die("%s", why.text);
	if (spool_entry_choose(&capture, request.engines, &request.run.names, &why) < 0)
		die_usage("%s", why.text);
	cli_siblings_first();
	sshmux_use(&capture);
	failed = eachrun(&request.run, &capture, &engines, &why);
	if (failed < 0)
		die("%s", why.text);
	if (failed == 0)
		return EXIT_DONE;
	return (size_t)failed == request.run.names.count ? EXIT_FAILED : EXIT_PARTIAL;
}
