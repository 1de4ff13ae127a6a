/*
 * vcap-region: answers the requests of a larger controller, for which this controller with all its
 * engines is one engine: starts a capture, prints its status, stops it, sends or removes its file.
 */
#include "base/parse.h"
#include "capture/job.h"
#include "cli.h"
#include "controller/region.h"
#include "controller/region_live.h"
#include "controller/spool.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-region",
    .says = "Answers what a larger controller asks of this one.",
    .examples = "vcap-region status shop.20260131_093000\n",
    .synopsis = "start id [option ...] service\n"
		"status id [token]\n"
		"stop id [token]\n"
		"follow id [token]\n"
		"fetch [-z] [--cut] id\n"
		"keys id [token]\n"
		"pairs id [token]\n"
		"live --lease=time [option ...] service\n"
		"remove id [token]\n"
		"check",
    .options = "  start id ...  starts it for the job on standard input; prints its status\n"
	       "  status id     prints the status of the capture\n"
	       "  stop id       stops it without waiting for its file; prints its status\n"
	       "  follow id     answers each line of input, as 'vcap-host follow' does\n"
	       "  fetch id      waits for the file and writes it to standard output\n"
	       "  keys id       writes its TLS keys to standard output\n"
	       "  pairs id      writes its engines' pairs of connections to standard output\n"
	       "  live --lease=time ...  streams packets for such a job while bytes follow it\n"
	       "  remove id     removes it, unless it is unfinished\n"
	       "  check         prints whether there is room for captures\n"
	       "\n"
	       "      --cut      fetch: without payload\n"
	       "  -z, --zstd     fetch: compressed\n",
};

struct arguments {
	const char *id;
	char *const *rest; /* start: options, and the service; else the token or none */
	struct region_form form;
};

/* For the job on standard input: starts the capture and prints its status, or without an id streams. Returns
 * an exit status, or -1 with why. */
static int
begin(const struct arguments *arguments, struct failure *why)
{
	const char *id = arguments->id;
	struct job job = JOB_INIT;
	int64_t lease_ns = 0;
	int status;

	if (!id && region_live_lease(*arguments->rest, &lease_ns, why) < 0)
		die_usage("%s", why->text);
	status = job_read(&job, STDIN_FILENO, lease_ns, why);
	if (status == 0)
		status = id ? region_start(id, arguments->rest, job.specs, why)
			    : region_live(arguments->rest, job.specs, STDIN_FILENO, lease_ns, why);
	job_release(&job);
	return id && status == EXIT_DONE ? region_status(id, getenv, stdout, why) : status;
}

static int
fetch(const struct arguments *arguments, struct failure *why)
{
	return region_fetch(arguments->id, arguments->form, getenv, stdout, why);
}

static const struct request {
	const char *name;
	bool has_id;
	int max; /* operands: an id, a token; more are vcap-start's or vcap-live's */
	region_request *answer;
	int (*run)(const struct arguments *arguments, struct failure *why); /* without answer */
} requests[] = {
    {"start", true, INT_MAX, NULL, begin},   {"status", true, 2, region_status, NULL},
    {"stop", true, 2, region_stop, NULL},    {"follow", true, 2, region_follow, NULL},
    {"fetch", true, 1, NULL, fetch},         {"remove", true, 2, region_remove, NULL},
    {"check", false, 0, region_check, NULL}, {"keys", true, 2, region_keys, NULL},
    {"live", false, INT_MAX, NULL, begin},   {"pairs", true, 2, region_pairs, NULL},
};

/* Parses the request and its id. What follows the id of `start`, and `live`, is passed on. */
static const struct request *
parse_options(int argc, char **argv, struct arguments *arguments)
{
	enum { CUT = 0x100 };
	static const struct option options[] = {
	    {"cut", no_argument, NULL, CUT}, {"zstd", no_argument, NULL, 'z'}, CLI_OPTIONS};
	const struct request *request = NULL;
	int opt;

	while (optind < argc && (!request || (request->has_id && !arguments->id))) {
		while ((opt = getopt_long(argc, argv, "+:z", options, NULL)) != -1) {
			if (opt != 'z' && opt != CUT)
				cli_option(opt, argv);
			arguments->form.compressed |= opt == 'z';
			arguments->form.cut |= opt == CUT;
		}
		if (optind < argc && !request)
			request = CLI_REQUEST(requests, argv[optind++]);
		else if (optind < argc)
			arguments->id = argv[optind++];
	}
	request = request ? request : CLI_REQUEST(requests, NULL);
	if (request->has_id && (!arguments->id || !spool_id_is_valid(arguments->id)))
		die_usage("'%s' needs a capture's id", request->name);
	if ((arguments->form.compressed || arguments->form.cut) && request->run != fetch)
		die_usage("'-z' and '--cut' go with 'fetch'");
	arguments->rest = argv + optind;
	if (*arguments->rest && (argc - optind >= request->max ||
				 (request->max == 2 && !parse_is_token(*arguments->rest))))
		die_usage("unexpected argument '%s'", *arguments->rest);
	return request;
}

int
main(int argc, char **argv)
{
	struct arguments arguments = {0};
	struct failure why = FAILURE_INIT;
	const struct request *request;
	int status;

	cli_start(&self);
	request = parse_options(argc, argv, &arguments);
	cli_siblings_first();
	status = region_check_token(arguments.id, request->max == 2 ? *arguments.rest : NULL,
				    getenv, &why);
	if (status == EXIT_DONE)
		status = request->answer ? request->answer(arguments.id, getenv, stdout, &why)
					 : request->run(&arguments, &why);
	if (status < 0)
		die("%s", why.text);
	return cli_finish(status);
}
