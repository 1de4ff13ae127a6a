/*
 * vcap-region: what a larger controller asks of this one, as it asks vcap-host of an engine: to
 * start a capture, how it stands, to end it, its file, its removal. vcap's own commands do it all.
 */
#include "base/diskquota.h"
#include "base/process.h"
#include "base/strvec.h"
#include "capture/job.h"
#include "cli.h"
#include "controller/engine_state.h"
#include "controller/spool.h"
#include "controller/waitproc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-region",
    .synopsis = "start id [option ...] service\n"
		"status id\n"
		"stop id\n"
		"fetch [-z] id\n"
		"remove id\n"
		"check",
    .options = "  start id ...  starts it, as vcap-start does, for the specs of a job on standard\n"
	       "                input; prints its status\n"
	       "  status id     prints the status of the capture\n"
	       "  stop id       ends it without waiting for its file; prints its status\n"
	       "  fetch id      waits for the file and writes it to standard output\n"
	       "  remove id     removes it, unless it goes on\n"
	       "  check         prints whether there is room for captures\n"
	       "\n"
	       "  -z, --zstd     fetch: compressed\n"
	       "      --help     show this help\n"
	       "      --version  show the version\n",
};

struct arguments {
	const char *id;
	char *const *rest; /* of start: options, and the service; NULL-ended */
	bool packs;
};

/* Runs one of vcap's commands, which complains by itself, and ends as it does if it fails. */
static int
run(char *const *argv, int in, int out)
{
	struct failure why = FAILURE_INIT;
	int status = argv ? process_run(argv, in, out, STDERR_FILENO, -1, &why)
			  : failure_set(&why, "out of memory");

	if (status < 0)
		die("%s", why.text);
	if (status != EXIT_DONE && status != EXIT_PARTIAL)
		exit(status);
	return status;
}

static struct spool_entry
find(const char *id)
{
	struct spool spool = SPOOL_INIT;
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	struct failure why = FAILURE_INIT;

	if (spool_open(&spool, getenv, &why) < 0 || spool_find(&spool, id, &entry, &why) < 0)
		die("%s", why.text);
	spool_close(&spool);
	return entry;
}

/* The lines that vcap-host would print for an engine. A capture is running until it is a file. */
static int
do_status(const struct arguments *arguments)
{
	struct spool_entry entry = find(arguments->id);
	const char *message = keyval_get(&entry.facts, "message");
	struct failure why = FAILURE_INIT;

	if (waitproc_revive(&entry, &why) < 0)
		die("%s", why.text);
	printf("state %s\n",
	       spool_entry_is_over(&entry) ? spool_entry_state_name(&entry) : "running");
	printf("version %s\n", VCAP_VERSION);
	for (const char **key = (const char *[]){"packets", "bytes", "dropped", NULL}; *key; key++)
		printf("%s %" PRIu64 "\n", *key, engine_state_total(&entry, *key));
	printf("message %s\n", message ? message : "");
	spool_entry_close(&entry);
	return EXIT_DONE;
}

/* That some engines do not capture is told when it is over: others do. */
static int
do_start(const struct arguments *arguments)
{
	struct strvec argv = STRVEC_INIT;
	struct job job = JOB_INIT;
	struct failure why = FAILURE_INIT;
	int in = -1;

	strvec_pushl(&argv, "vcap-start", "--id", NULL);
	strvec_push(&argv, arguments->id);
	strvec_pushv(&argv, arguments->rest);
	if (job_read(&job, STDIN_FILENO, &why) < 0)
		die("%s", why.text);
	if (job.specs && *job.specs) {
		strvec_push(&argv, "-");
		in = process_input_open(job.specs, strlen(job.specs), &why);
		if (in < 0)
			die("%s", why.text);
	}
	run(strvec_detach(&argv), in, -1);
	job_release(&job);
	return do_status(arguments);
}

static int
do_stop(const struct arguments *arguments)
{
	run((char *const[]){"vcap-stop", "--no-wait", (char *)arguments->id, NULL}, -1, -1);
	return do_status(arguments);
}

static int
do_fetch(const struct arguments *arguments)
{
	char *const wait[] = {"vcap-wait", (char *)arguments->id, NULL};
	struct spool_entry entry;
	int status;

	if (!arguments->packs)
		return run((char *const[]){"vcap-export", "-w", "-", (char *)arguments->id, NULL},
			   -1, STDOUT_FILENO);
	status = run(wait, -1, -1);
	entry = find(arguments->id);
	run((char *const[]){"vcap-merge", "-z", "-w", "-",
			    spool_entry_file(&entry, "%s.pcapng", entry.id), NULL},
	    -1, STDOUT_FILENO);
	return status;
}

/* One that is not there is no failure: whoever asks may not have heard the first answer. */
static int
do_remove(const struct arguments *arguments)
{
	struct spool spool = SPOOL_INIT;
	struct failure why = FAILURE_INIT;
	char **ids;

	if (spool_open(&spool, getenv, &why) < 0 ||
	    spool_list(&spool, arguments->id, &ids, &why) < 0 ||
	    (*ids && spool_remove(&spool, arguments->id, &why) < 0))
		die("%s", why.text);
	return EXIT_DONE;
}

static int
do_check(const struct arguments *arguments)
{
	struct spool spool = SPOOL_INIT;
	struct failure why = FAILURE_INIT;

	(void)arguments;
	printf("version %s\n", VCAP_VERSION);
	if (fflush(stdout) == 0 && spool_open(&spool, getenv, &why) == 0 &&
	    diskquota_check_room(spool.dir, spool.path, 0, &why) == 0)
		return EXIT_DONE;
	die("%s", why.text);
}

static const struct request {
	const char *name;
	bool needs_id;
	int (*answer)(const struct arguments *arguments);
} requests[] = {
    {"start", true, do_start}, {"status", true, do_status}, {"stop", true, do_stop},
    {"fetch", true, do_fetch}, {"remove", true, do_remove}, {"check", false, do_check},
};

/* What follows the id is vcap-start's to judge. */
static const struct request *
parse_options(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {{"zstd", no_argument, NULL, 'z'}, CLI_OPTIONS};
	const struct request *request = NULL;
	int opt;

	while (!arguments->id && optind < argc) {
		while ((opt = getopt_long(argc, argv, "+:z", options, NULL)) != -1) {
			if (opt != 'z')
				cli_option(opt, argv);
			arguments->packs = true;
		}
		if (optind == argc)
			break;
		if (!request)
			request = CLI_REQUEST(requests, argv[optind++]);
		else
			arguments->id = argv[optind++];
	}
	if (!request)
		request = CLI_REQUEST(requests, NULL);
	if (request->needs_id && !arguments->id)
		die_usage("'%s' needs a capture's id", request->name);
	if (arguments->id && !request->needs_id)
		die_usage("unexpected argument '%s'", arguments->id);
	if (arguments->id && !spool_is_id(arguments->id))
		die_usage("not a capture's id: '%s'", arguments->id);
	if (arguments->packs && request->answer != do_fetch)
		die_usage("'-z' goes with 'fetch'");
	arguments->rest = argv + optind;
	if (*arguments->rest && request->answer != do_start)
		die_usage("unexpected argument '%s'", *arguments->rest);
	return request;
}

int
main(int argc, char **argv)
{
	struct arguments arguments = {0};
	const struct request *request;

	cli_start(&self);
	request = parse_options(argc, argv, &arguments);
	cli_siblings_first();
	return cli_finish(request->answer(&arguments));
}
