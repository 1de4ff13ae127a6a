/*
 * vcap-fetch: fetches the capture of one engine into a file, as a stream from vcap-merge there. The
 * file gets its name only after it was verified to be complete.
 */
#include "base/outfile.h"
#include "base/parse.h"
#include "cli.h"
#include "controller/engine.h"
#include "controller/fetch.h"
#include "controller/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command self = {
    .name = "vcap-fetch",
    .synopsis = "[-kz] [--bwlimit rate] engine id file",
    .options = "  -k, --keep          keep the engine's copy\n"
	       "  -z, --zstd          compress the stream\n"
	       "      --bwlimit rate  at most this many bytes a second (k, M, G); 0: no limit\n"
	       "      --help          show this help\n"
	       "      --version       show the version\n",
};

struct request {
	const char *engine, *id, *file;
	char *directory; /* of the capture on the engine */
	char *token;     /* NULL: none */
	bool keep, compress, is_region;
	uint64_t rate;
};

/* The token is in the spool; a capture that is not there is asked for without one. */
static char *
token_of(const char *engine, const char *id)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	const char *found;
	char *token = NULL;

	if (spool_open_entry(&entry, id, getenv, NULL) == 0 &&
	    (found = spool_entry_token(&entry, engine)))
		token = xstrdup(found);
	spool_entry_close(&entry);
	return token;
}

static struct request
parse_options(int argc, char **argv)
{
	enum { BWLIMIT = 0x100 };
	static const struct option options[] = {{"keep", no_argument, NULL, 'k'},
						{"zstd", no_argument, NULL, 'z'},
						{"bwlimit", required_argument, NULL, BWLIMIT},
						CLI_OPTIONS};
	struct engines engines = ENGINES_INIT;
	struct request request = {0};
	struct failure why = FAILURE_INIT;
	const struct engine *engine;
	bool has_rate = false;
	int opt;

	while ((opt = getopt_long(argc, argv, ":kz", options, NULL)) != -1) {
		switch (opt) {
		case 'k': request.keep = true; break;
		case 'z': request.compress = true; break;
		case BWLIMIT:
			has_rate = true;
			if (parse_size(optarg, &request.rate, &why) < 0)
				die_usage("%s", why.text);
			break;
		default: cli_option(opt, argv);
		}
	}
	if (argc - optind != 3)
		die_usage("needs an engine, a capture's id and a file (try --help)");
	request.engine = argv[optind];
	request.id = argv[optind + 1];
	request.file = argv[optind + 2];
	if (strcmp(request.file, "-") == 0)
		die_usage("cannot write to standard output: only a complete file is passed on");
	if (!spool_id_is_valid(request.id))
		die_usage("not a capture's id: '%s'", request.id);
	if (engines_load(&engines, getenv, &why) < 0 ||
	    !(engine = engines_find(&engines, request.engine, &why)))
		die_usage("%s", why.text);
	request.compress |= engine->compress;
	request.is_region = engine->is_region;
	if (!has_rate)
		request.rate = engine->rate;
	request.directory = engine_capture_directory(engine, request.id);
	if (!request.directory)
		die("out of memory");
	request.token = token_of(request.engine, request.id);
	engines_release(&engines);
	return request;
}

/* Says on standard output, where vcap-each records it, whether to try again. */
static _Noreturn void
fail(const struct fetch *fetch, const struct failure *why)
{
	printf("refetch %s\n", fetch->is_late ? "no" : "yes");
	fflush(stdout);
	die("%s", why->text);
}

int
main(int argc, char **argv)
{
	struct fetch fetch = FETCH_INIT;
	struct outfile out = OUTFILE_INIT;
	struct failure why = FAILURE_INIT;
	struct request request;
	int status;

	cli_start(&self);
	request = parse_options(argc, argv);
	cli_siblings_first();
	fetch.engine = request.engine;
	fetch.directory = request.directory;
	fetch.token = request.token;
	fetch.is_region = request.is_region;
	fetch.compress = request.compress;
	fetch.rate = request.rate;
	if (fetch_ask(&fetch, &why) < 0 || outfile_open(&out, request.file, &why) < 0)
		fail(&fetch, &why);
	cli_remove_at_signal(out.temporary);
	status = fetch_file(&fetch, &out, &why);
	if (status < 0) {
		outfile_abandon(&out);
		fail(&fetch, &why);
	}
	if (outfile_commit(&out, &why) < 0 || (!request.keep && fetch_remove(&fetch, &why) < 0))
		die("%s", why.text);
	cli_remove_at_signal(NULL);
	printf("linktype %d\n", fetch.linktype);
	fetch_release(&fetch);
	return cli_finish(status);
}
