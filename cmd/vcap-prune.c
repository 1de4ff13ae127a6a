/*
 * vcap-prune: removes the oldest finished captures until the others are within limits of age,
 * number and size.
 */
#include "base/clock.h"
#include "base/parse.h"
#include "cli.h"
#include "controller/removal.h"
#include "controller/spool.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct command self = {
    .name = "vcap-prune",
    .synopsis = "[-n] [-a time] [-c count] [-s size] [service]",
    .options = "  -a, --age time     remove older ones; a bare number means seconds\n"
	       "  -c, --count count  keep at most this many, the newest\n"
	       "  -n, --dry-run      only print what would be removed\n"
	       "  -s, --size size    keep the newest ones whose files fit into this size\n"
	       "      --help         show this help\n"
	       "      --version      show the version\n",
};

struct limits {
	bool dry_run;
	int64_t age_ns;
	uint64_t count, size;
};

static const char *
parse_options(int argc, char **argv, struct limits *limits)
{
	static const struct option options[] = {{"age", required_argument, NULL, 'a'},
						{"count", required_argument, NULL, 'c'},
						{"dry-run", no_argument, NULL, 'n'},
						{"size", required_argument, NULL, 's'},
						CLI_OPTIONS};
	struct failure why = FAILURE_INIT;
	bool limited = false;
	int opt, rc = 0;

	*limits = (struct limits){.age_ns = INT64_MAX, .count = UINT64_MAX, .size = UINT64_MAX};
	while ((opt = getopt_long(argc, argv, ":a:c:ns:", options, NULL)) != -1) {
		switch (opt) {
		case 'a': rc = parse_duration(optarg, NS_PER_SECOND, &limits->age_ns, &why); break;
		case 'c': rc = parse_number(optarg, UINT64_MAX, &limits->count, &why); break;
		case 's': rc = parse_size(optarg, &limits->size, &why); break;
		case 'n': limits->dry_run = true; break;
		default: cli_option(opt, argv);
		}
		if (rc < 0)
			die_usage("%s", why.text);
		limited |= opt != 'n';
	}
	if (!limited)
		die_usage("needs a limit: -a, -c or -s (try --help)");
	if (argc - optind > 1)
		die_usage("more than one service given: '%s'", argv[optind + 1]);
	if (argv[optind] && !parse_is_name(argv[optind]))
		die_usage("not a service: '%s'", argv[optind]);
	return argv[optind];
}

/* The time since it ended, or since it was created if its end is not known. */
static int64_t
age_ns(const struct spool_entry *entry)
{
	const char *word = keyval_get(&entry->facts, "ended");
	int64_t then;

	if (!word)
		word = keyval_get(&entry->facts, "created");
	if (!word || parse_offset(word, &then, NULL) < 0)
		return 0;
	return clock_realtime_ns() - then;
}

static void
report(const char *line)
{
	warn("%s", line);
}

/* Goes from the newest to the oldest and removes those that exceed a limit. Unfinished captures,
 * and those that cannot be read, are kept and not counted. */
static int
prune(const struct spool *spool, char **ids, const struct limits *limits)
{
	uint64_t count = 0, size = 0;
	bool full = false;
	int status = EXIT_DONE, removed;

	for (char **id = ids; *id; id++) {
		struct failure why = FAILURE_INIT;
		struct spool_entry entry;
		bool over, old;
		uint64_t own;

		if (spool_find(spool, *id, &entry, &why) < 0) {
			warn("%s", why.text);
			status = EXIT_FAILED;
			continue;
		}
		over = spool_entry_is_over(&entry) && !spool_entry_is_locked(&entry);
		old = age_ns(&entry) > limits->age_ns;
		own = keyval_number(&entry.facts, "size", 0);
		spool_entry_close(&entry);
		if (!over)
			continue;
		full |= count >= limits->count || own > limits->size - size;
		if (!full && !old) {
			count++;
			size += own;
			continue;
		}
		removed = limits->dry_run ? EXIT_DONE
					  : removal_tell(spool, *id, REMOVAL_OVER, getenv, report);
		if (removed != EXIT_FAILED)
			puts(*id);
		if (removed == EXIT_FAILED || status == EXIT_DONE)
			status = removed;
	}
	return status;
}

int
main(int argc, char **argv)
{
	struct spool spool = SPOOL_INIT;
	struct failure why = FAILURE_INIT;
	struct limits limits;
	const char *service;
	char **ids;
	int status;

	cli_start(&self);
	service = parse_options(argc, argv, &limits);
	cli_siblings_first();
	if (spool_open(&spool, getenv, &why) < 0 || spool_list(&spool, service, &ids, &why) < 0)
		die("%s", why.text);
	status = prune(&spool, ids, &limits);
	spool_list_free(ids);
	spool_close(&spool);
	return cli_finish(status);
}
