/*
 * vcap-metrics: prints the captures of the spool as metrics for Prometheus.
 */
#include "cli.h"
#include "controller/metrics.h"

#include <stdio.h>
#include <stdlib.h>

static const struct command self = {
    .name = "vcap-metrics",
    .says = "Prints how captures go, as metrics for Prometheus.",
    .examples = "vcap metrics >/var/lib/node_exporter/vcap.prom.new\n",
    .synopsis = "[service]",
    .options = "",
};

static void
report(const char *line)
{
	warn("%s", line);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {CLI_OPTIONS};
	struct spool spool = SPOOL_INIT;
	struct failure why = FAILURE_INIT;
	int opt;

	cli_start(&self);
	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1)
		cli_option(opt, argv);
	if (argc - optind > 1)
		die_usage("unexpected argument '%s'", argv[optind + 1]);
	if (spool_open(&spool, getenv, &why) < 0 ||
	    metrics_write(&spool, argv[optind], stdout, report, &why) < 0)
		die("%s", why.text);
	spool_close(&spool);
	return cli_finish(EXIT_DONE);
}
