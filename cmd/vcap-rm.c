/*
 * vcap-rm: removes captures from the spool, and what engines still have of them.
 */
#include "cli.h"
#include "controller/removal.h"
#include "controller/spool.h"

#include <stdio.h>
#include <stdlib.h>

static const struct command self = {
    .name = "vcap-rm",
    .says = "Removes captures.",
    .examples = "vcap rm shop.20260131_093000\n",
    .synopsis = "[--give-up] id ...",
    .options = "  --give-up  end it first, whatever state it is in\n",
};

static enum removal_kind
parse_options(int argc, char **argv)
{
	enum { GIVE_UP = 0x100 };
	static const struct option options[] = {{"give-up", no_argument, NULL, GIVE_UP},
						CLI_OPTIONS};
	enum removal_kind kind = REMOVAL_IDLE;
	int opt;

	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (opt != GIVE_UP)
			cli_option(opt, argv);
		kind = REMOVAL_GIVE_UP;
	}
	if (optind == argc)
		die_usage("needs the id of a capture (try --help)");
	for (int i = optind; i < argc; i++)
		if (!spool_id_is_valid(argv[i]))
			die_usage("not a capture's id: '%s'", argv[i]);
	return kind;
}

static void
report(const char *line)
{
	warn("%s", line);
}

int
main(int argc, char **argv)
{
	struct spool spool = SPOOL_INIT;
	struct failure why = FAILURE_INIT;
	enum removal_kind kind;
	int status = EXIT_DONE;

	cli_start(&self);
	kind = parse_options(argc, argv);
	cli_siblings_first();
	if (spool_open(&spool, getenv, &why) < 0)
		die("%s", why.text);
	for (char **id = argv + optind; *id; id++) {
		const int one = removal_tell(&spool, *id, kind, getenv, report);

		if (one == EXIT_FAILED || status == EXIT_DONE)
			status = one;
	}
	spool_close(&spool);
	return cli_finish(status);
}
