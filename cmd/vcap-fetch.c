/*
 * vcap-fetch: fetches the capture of one engine into a file, as a stream from vcap-merge there. The
 * file gets its name only after it was verified to be complete.
 */
#include "base/outfile.h"
#include "base/parse.h"
#include "cli.h"
#include "controller/ability.h"
#include "controller/engine.h"
#include "controller/engine_id.h"
#include "controller/fetch.h"
#include "controller/spool.h"
#include "controller/sshmux.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command self = {
    .name = "vcap-fetch",
    .says = "Fetches one engine's part of a capture into a file.",
    .examples = "vcap-fetch -k lb1 shop.20260131_093000 lb1.pcapng\n",
    .synopsis = "[-kz] [--bwlimit rate] engine id file",
    .options = "  -k, --keep          keep the engine's copy\n"
	       "  -z, --zstd          compress the stream\n"
	       "      --bwlimit rate  at most this many bytes a second (k, M, G); 0: no limit\n",
};

struct request {
	const char *id, *file;
	const struct engine *engine;
	struct fetch fetch; /* its directory and token are on the heap */
	bool keep;
};

/* What the spool knows: the id on the engine, the token, a connection, and the engine's last status
 * (false: not that). A capture that is not there is asked for without a token. */
static bool
recall(struct request *request)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	struct commands_told told;
	const bool is_there = spool_open_entry(&entry, request->id, getenv, NULL) == 0;
	const char *id = is_there ? engine_id(&entry, request->engine->name) : request->id;
	bool is_known;

	request->fetch.directory = engine_capture_directory(request->engine, id);
	if (!request->fetch.directory)
		die("out of memory");
	if (!is_there)
		return false;
	told = ability_told(&entry, request->fetch.engine, AUDIT_WANTED);
	request->fetch.token = told.token ? xstrdup(told.token) : NULL;
	memcpy(request->fetch.since, told.from, sizeof(told.from));
	memcpy(request->fetch.until, told.to, sizeof(told.to));
	request->fetch.has_keys = keyval_get(&entry.facts, "keys") != NULL;
	sshmux_use(&entry);
	is_known = fetch_recall(&request->fetch, &entry);
	spool_entry_close(&entry);
	return is_known;
}

static struct request
parse_options(int argc, char **argv)
{
	enum { BWLIMIT = 0x100 };
	static const struct option options[] = {{"keep", no_argument, NULL, 'k'},
						{"zstd", no_argument, NULL, 'z'},
						{"bwlimit", required_argument, NULL, BWLIMIT},
						CLI_OPTIONS};
	static struct engines engines;
	struct request request = {.fetch = FETCH_INIT};
	struct fetch *fetch = &request.fetch;
	struct failure why = FAILURE_INIT;
	uint64_t rate = UINT64_MAX;
	int opt;

	while ((opt = getopt_long(argc, argv, ":kz", options, NULL)) != -1) {
		switch (opt) {
		case 'k': request.keep = true; break;
		case 'z': fetch->compress = true; break;
		case BWLIMIT:
			if (parse_size(optarg, &rate, &why) < 0)
				die_usage("%s", why.text);
			break;
		default: cli_option(opt, argv);
		}
	}
	if (argc - optind != 3)
		die_usage("needs an engine, a capture's id and a file (try --help)");
	fetch->engine = argv[optind];
	request.id = argv[optind + 1];
	request.file = argv[optind + 2];
	if (strcmp(request.file, "-") == 0)
		die_usage("cannot write to standard output: only a complete file is passed on");
	if (!spool_id_is_valid(request.id))
		die_usage("not a capture's id: '%s'", request.id);
	if (engines_load(&engines, getenv, &why) < 0 ||
	    !(request.engine = engines_find(&engines, fetch->engine, &why)))
		die_usage("%s", why.text);
	fetch->compress |= request.engine->compress;
	fetch->is_region = request.engine->is_region;
	fetch->rate = rate == UINT64_MAX ? request.engine->rate : rate;
	return request;
}

/* Says on standard output, where vcap-each records it, whether to try again. */
static _Noreturn void
fail(const struct fetch *fetch, const struct failure *why)
{
	if (fetch->is_late)
		sshmux_drop(fetch->engine);
	printf("refetch %s\n", fetch->is_late ? "no" : "yes");
	fflush(stdout);
	die("%s", why->text);
}

int
main(int argc, char **argv)
{
	struct outfile out = OUTFILE_INIT;
	struct failure why = FAILURE_INIT;
	struct request request;
	struct fetch *fetch = &request.fetch;
	int status;

	cli_start(&self);
	request = parse_options(argc, argv);
	cli_siblings_first();
	if ((!recall(&request) && fetch_ask(fetch, &why) < 0) ||
	    outfile_open(&out, request.file, &why) < 0)
		fail(fetch, &why);
	cli_remove_at_signal(out.temporary);
	/* The packets are whole without them. */
	if (fetch_beside(fetch, &fetch_pairs, request.file, &why) < 0)
		warn("%s", why.text);
	if (fetch->has_keys && fetch_beside(fetch, &fetch_keys, request.file, &why) < 0)
		warn("%s", why.text);
	status = fetch_file(fetch, &out, &why);
	if (status < 0) {
		outfile_abandon(&out);
		fail(fetch, &why);
	}
	if (outfile_commit(&out, &why) < 0 || (!request.keep && fetch_remove(fetch, &why) < 0))
		die("%s", why.text);
	cli_remove_at_signal(NULL);
	printf("linktype %d\n", fetch->linktype);
	fetch_release(fetch);
	return cli_finish(status);
}
