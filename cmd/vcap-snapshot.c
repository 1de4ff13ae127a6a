/*
 * vcap-snapshot: has the engines of a rolling capture keep what they have of the last minutes, as a
 * capture of its own, and prints its id.
 */
#include "base/clock.h"
#include "base/parse.h"
#include "cli.h"
#include "controller/capture_audit.h"
#include "controller/params.h"
#include "controller/snapshot_entry.h"

#include <stdio.h>
#include <stdlib.h>

static const struct command self = {
    .name = "vcap-snapshot",
    .says = "Keeps the last minutes of a rolling capture.",
    .examples = "vcap start shop --rolling 2m\nvcap snapshot shop --note 'checkout was slow'\n",
    .synopsis = "[--after time] [--by word] [--cooldown time] [--no-keys] [--note text] "
		"capture",
    .options = "      --after time     the window goes on for so long, 20s at most (10s)\n"
	       "      --by word        who asks through another program\n"
	       "      --cooldown time  none so soon after another (as vcap-start had it, or 0)\n"
	       "      --no-keys        without TLS keys, of a ring that has some\n"
	       "      --note text      what happened, one line\n",
};

static const char *
parse_options(int argc, char **argv, struct snapshot_wish *wish)
{
	enum { AFTER = 0x100, BY, COOLDOWN, NO_KEYS, NOTE };
	static const struct option options[] = {{"after", required_argument, NULL, AFTER},
						{"by", required_argument, NULL, BY},
						{"cooldown", required_argument, NULL, COOLDOWN},
						{"no-keys", no_argument, NULL, NO_KEYS},
						{"note", required_argument, NULL, NOTE},
						CLI_OPTIONS};
	struct failure why = FAILURE_INIT;
	struct params params = {0};
	int opt, rc = 0;

	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (opt) {
		case AFTER:
			rc = parse_duration(optarg, NS_PER_SECOND, &wish->after_ns, &why);
			if (rc == 0 && wish->after_ns > PARAMS_ROLLING_AFTER_NS)
				die_usage("'--after' is at most 20s: '%s'", optarg);
			break;
		case BY:
			wish->by = optarg;
			if (!caller_is_word(optarg))
				die_usage("not a word of who asks: '%s'", optarg);
			break;
		case COOLDOWN:
			rc = parse_duration(optarg, NS_PER_SECOND, &wish->cooldown_ns, &why);
			break;
		case NO_KEYS: wish->without_keys = true; break;
		case NOTE:
			rc = params_comment(&params, optarg, &why);
			wish->note = optarg;
			break;
		default: cli_option(opt, argv);
		}
		if (rc < 0)
			die_usage("%s", why.text);
	}
	if (argc - optind != 1)
		die_usage("needs a rolling capture, or its service (try --help)");
	return argv[optind];
}

static void
tell(enum snapshot_outcome outcome, const struct failure *why)
{
	switch (outcome) {
	case SNAPSHOT_MADE: break;
	case SNAPSHOT_FAILED: die("%s", why->text);
	case SNAPSHOT_COVERED: warn("that moment is in a snapshot already"); break;
	case SNAPSHOT_COOLING:
		warn("too soon after another snapshot, which does not have this moment: "
		     "'--cooldown 0' makes one");
		break;
	}
}

int
main(int argc, char **argv)
{
	struct snapshot_wish wish = {.moment_ns = clock_realtime_ns(),
				     .after_ns = 10 * NS_PER_SECOND,
				     .cooldown_ns = SNAPSHOT_COOLDOWN_OF_RING};
	struct spool spool = SPOOL_INIT;
	struct spool_entry ring = SPOOL_ENTRY_INIT;
	struct failure why = FAILURE_INIT;
	char id[SPOOL_ID_MAX], by[CALLER_MAX];
	const char *word;
	int found;

	cli_start(&self);
	word = parse_options(argc, argv, &wish);
	wish.by = capture_audit_caller(wish.by, getenv, by);
	cli_siblings_first();
	if (spool_open(&spool, getenv, &why) < 0)
		die("%s", why.text);
	found = snapshot_entry_find_ring(&spool, word, &ring, &why);
	if (found < 0)
		(found == SPOOL_SEVERAL ? die_usage : die)("%s", why.text);
	tell(snapshot_entry_make(&spool, &ring, &wish, getenv, id, &why), &why);
	puts(id);
	spool_entry_close(&ring);
	spool_close(&spool);
	return cli_finish(EXIT_DONE);
}
