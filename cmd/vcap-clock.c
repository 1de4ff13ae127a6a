/*
 * vcap-clock: measures the offset of an engine's clock, by the fastest of several exchanges.
 */
#include "base/parse.h"
#include "cli.h"
#include "controller/clock_offset.h"
#include "controller/engine.h"

#include <stdio.h>
#include <stdlib.h>

#define EXCHANGES_MAX 1000

static const struct command self = {
    .name = "vcap-clock",
    .says = "Compares an engine's clock with this host's.",
    .examples = "vcap-clock lb1\n",
    .synopsis = "[-n count] [--key word] engine",
    .options = "  -n, --exchanges count  number of exchanges; the fastest counts (8)\n"
	       "      --key word         what the line begins with (clock)\n",
};

static const char *
parse_options(int argc, char **argv, uint64_t *exchanges, const char **key)
{
	enum { KEY = 0x100 };
	static const struct option options[] = {{"exchanges", required_argument, NULL, 'n'},
						{"key", required_argument, NULL, KEY},
						CLI_OPTIONS};
	struct failure why = FAILURE_INIT;
	int opt;

	while ((opt = getopt_long(argc, argv, ":n:", options, NULL)) != -1) {
		switch (opt) {
		case 'n':
			if (parse_number(optarg, EXCHANGES_MAX, exchanges, &why) < 0)
				die_usage("%s", why.text);
			if (*exchanges == 0)
				die_usage("not a number of exchanges: '%s'", optarg);
			break;
		case KEY: *key = optarg; break;
		default: cli_option(opt, argv);
		}
	}
	if (argc - optind != 1)
		die_usage("needs one engine (try --help)");
	return argv[optind];
}

int
main(int argc, char **argv)
{
	struct engines engines = ENGINES_INIT;
	struct failure why = FAILURE_INIT, behind;
	uint64_t exchanges = CLOCK_OFFSET_EXCHANGES;
	const char *key = "clock", *name;
	char text[CLOCK_OFFSET_TEXT];
	struct clock_offset offset;

	cli_start(&self);
	name = parse_options(argc, argv, &exchanges, &key);
	if (engines_load(&engines, getenv, &why) < 0 || !engines_find(&engines, name, &why))
		die_usage("%s", why.text);
	engines_release(&engines);
	cli_siblings_first();
	if (clock_offset_measure(&offset, name, (unsigned)exchanges, &behind, &why) < 0)
		die("%s", why.text);
	if (behind.text[0])
		warn("%s", behind.text);
	printf("%s %s\n", key, clock_offset_print(&offset, text));
	return cli_finish(EXIT_DONE);
}
