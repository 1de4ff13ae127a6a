/*
 * vcap-wait: waits until a capture is one file. The first vcap-wait does the work: it follows the
 * engines, fetches and merges; others wait for it, and take over if it is killed.
 */
#include "base/clock.h"
#include "base/parse.h"
#include "cli.h"
#include "controller/completion.h"
#include "controller/fileword.h"
#include "controller/removal.h"
#include "controller/spool.h"
#include "controller/verdict.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command self = {
    .name = "vcap-wait",
    .says = "Waits for a capture, fetches and merges it, and prints the file's path.",
    .examples = "vcap wait shop\n",
    .synopsis = "[-v] [--persist] [--poll time] [--quiet] [--strict] capture",
    .options = "  -v, --verbose    say which engines saw no packets\n"
	       "      --persist    complete a partial capture later, for its patience\n"
	       "      --poll time  interval between polls of the engines (1s)\n"
	       "      --quiet      print only errors and the path\n"
	       "      --strict     exit 3 as well if engines could not see what they should\n",
};

struct request {
	const char *word;
	int64_t poll_ns;
	bool persists;
	struct verdict_options verdict;
};

static struct request
parse_options(int argc, char **argv)
{
	enum { POLL = 0x100, PERSIST, QUIET, STRICT };
	static const struct option options[] = {
	    {"persist", no_argument, NULL, PERSIST}, {"poll", required_argument, NULL, POLL},
	    {"quiet", no_argument, NULL, QUIET},     {"strict", no_argument, NULL, STRICT},
	    {"verbose", no_argument, NULL, 'v'},     CLI_OPTIONS};
	struct request request = {0};
	struct failure why = FAILURE_INIT;
	int opt;

	while ((opt = getopt_long(argc, argv, ":v", options, NULL)) != -1)
		switch (opt) {
		case PERSIST: request.persists = true; break;
		case 'v': request.verdict.is_verbose = true; break;
		case QUIET: request.verdict.is_quiet = true; break;
		case STRICT: request.verdict.is_strict = true; break;
		case POLL:
			if (parse_duration(optarg, NS_PER_SECOND, &request.poll_ns, &why) < 0)
				die_usage("%s", why.text);
			break;
		default: cli_option(opt, argv);
		}
	if (argc - optind != 1)
		die_usage("needs one capture (try --help)");
	request.word = argv[optind];
	return request;
}

/* Does what is left to be done. */
static void
work(struct collect *collect, const struct spool *spool)
{
	struct failure why = FAILURE_INIT;
	int rc = completion_run(collect, spool, &why);

	if (rc != 0)
		(rc < 0 ? die : warn)("%s", why.text);
}

/* Says how the capture has ended, and prints its path. Returns the exit status. */
static int
tell(const struct spool_entry *entry, const struct request *request)
{
	struct strvec lines = STRVEC_INIT;
	const int status = verdict_tell(entry, request->verdict, &lines);

	warn_lines(strvec_join(&lines, "\n"));
	strvec_release(&lines);
	if (status != EXIT_FAILED)
		printf("%s/%s.pcapng\n", entry->path, entry->id);
	return cli_finish(status);
}

int
main(int argc, char **argv)
{
	struct spool spool = SPOOL_INIT;
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	struct collect collect = {.entry = &entry, .variable = getenv};
	struct failure why = FAILURE_INIT;
	struct request request;
	bool was_over;
	int found, status;

	cli_start(&self);
	request = parse_options(argc, argv);
	collect.poll_ns = request.poll_ns;
	cli_siblings_first();
	found = spool_open(&spool, getenv, &why) < 0
		    ? -1
		    : fileword_choose(&spool, request.word, &entry, &why);
	if (found < 0)
		(found == SPOOL_SEVERAL ? die_usage : die)("%s", why.text);
	/* What another one has just tried is not tried again at once. */
	was_over = spool_entry_is_over(&entry);
	found = spool_entry_lock(&entry, &why);
	if (removal_check(&entry, &why) < 0 || found < 0)
		die("%s", why.text);
	if (was_over || !spool_entry_has_merged(&entry))
		work(&collect, &spool);
	status = tell(&entry, &request);
	if (request.persists && spool_entry_is_over(&entry) &&
	    completion_go_on(&collect, &spool, &why) < 0)
		die("%s", why.text);
	spool_entry_close(&entry);
	spool_close(&spool);
	return status;
}
