/*
 * vcap-rm: removes finished captures from the spool.
 */
#include "cli.h"
#include "controller/spool.h"

#include <stdio.h>
#include <stdlib.h>

static const struct command self = {
    .name = "vcap-rm",
    .synopsis = "id ...",
    .options = "  --help     show this help\n"
	       "  --version  show the version\n",
};

static void
parse_options(int argc, char **argv)
{
	static const struct option options[] = {CLI_OPTIONS};
	int opt;

	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1)
		cli_option(opt, argv);
	if (optind == argc)
		die_usage("needs the id of a capture (try --help)");
	for (int i = optind; i < argc; i++)
		if (!spool_id_is_valid(argv[i]))
			die_usage("not a capture's id: '%s'", argv[i]);
}

int
main(int argc, char **argv)
{
	struct spool spool = SPOOL_INIT;
	struct failure why = FAILURE_INIT;
	int status = EXIT_DONE;

	cli_start(&self);
	parse_options(argc, argv);
	if (spool_open(&spool, getenv, &why) < 0)
		die("%s", why.text);
	for (char **id = argv + optind; *id; id++) {
		if (spool_remove(&spool, *id, &why) == 0)
			continue;
		warn("%s", why.text);
		status = EXIT_FAILED;
	}
	spool_close(&spool);
	return cli_finish(status);
}
