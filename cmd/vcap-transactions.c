/*
 * vcap-transactions: what became of each transaction of a capture, a row for each.
 */
#include "cli.h"
#include "controller/config.h"
#include "controller/fileword.h"
#include "transactions/transactions_cmd.h"

#include <stdlib.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-transactions",
    .says = "What became of each transaction: who was slow, and who hung up.",
    .examples = "vcap transactions --sort total -n 10 shop\n"
		"vcap live shop | vcap transactions -S shop --failed -\n",
    .synopsis = "[-S service] [-t table] ... [-o columns] [-jr] [-n rows] "
		"[--by engine|server|client|path] [--conversations] [--sort column] [--slow time] "
		"[--long time] [--failed] [--mark out] [--packets id] [--header name] [spec ...] "
		"file|id|service|-",
    .options = "  -S, --service service  the service (that of the capture)\n"
	       "  -t, --table table      pairs that vcap-flows printed; may be repeated\n"
	       "  -o, --output columns   which columns, or with a + before the first which more\n"
	       "  -j, --json             print JSON, an object a line\n"
	       "  -r, --raw              print lines of cells separated by tabs\n"
	       "  -n, --rows rows        so many at most\n"
	       "      --by what          sum up by engine, server, client or path\n"
	       "      --conversations    every conversation of the capture, counted\n"
	       "      --sort column      the largest first\n"
	       "      --slow time        only what took as long\n"
	       "      --long time        only what lasted as long\n"
	       "      --failed           only what failed\n"
	       "      --mark out         a copy whose packets say of which transaction they are\n"
	       "      --packets id       the packets of this one, on standard output\n"
	       "      --header name      the header with the client's address\n"
	       "                         (that of the service)\n"
	       "\n"
	       "Columns: ID BEGAN UNIT CONFIDENCE CLIENT VIP ENGINE SOURCE SERVER ATTEMPTS\n"
	       "  ATTEMPT FROM METHOD PATH URL STATUS SSTATUS CSYN CTLS IDLE REQHEAD REQBODY\n"
	       "  WAIT CONNECT STLS TTFB RELAY TRANSFER DRAIN STALL TOTAL DURATION REQBYTES\n"
	       "  RESBYTES CRETRANS SRETRANS CZERO SZERO CREORDER SREORDER CRTT SRTT CIRTT SIRTT\n"
	       "  END FLAGS SNI ALPN ALERT PROXY\n",
};

static struct transactions_options
parse_options(int argc, char **argv)
{
	static const struct option table[] = {TRANSACTIONS_OPTIONS, CLI_OPTIONS};
	struct transactions_options options = TRANSACTIONS_OPTIONS_INIT;
	struct failure why = FAILURE_INIT;
	int opt;

	while ((opt = getopt_long(argc, argv, ":" TRANSACTIONS_LETTERS, table, NULL)) != -1) {
		int taken = transactions_options_take(&options, opt, optarg, &why);

		if (taken < 0)
			die_usage("%s", why.text);
		if (taken == 0)
			cli_option(opt, argv);
	}
	if (transactions_options_decide(&options, argv + optind, &why) < 0)
		die_usage("%s", why.text);
	return options;
}

/* Says what makes rows uncertain. */
static int
report(const struct transactions_cmd *cmd, const struct failure *why)
{
	struct failure complaint;

	if (pairfile_complains(&cmd->tables, &complaint))
		warn("%s", complaint.text);
	if (cmd->dropped)
		warn("the capture dropped %llu packets: what they were is missing from the rows",
		     (unsigned long long)cmd->dropped);
	if (cmd->doubtful)
		warn("%llu rows lack bytes that the capture did not get: they have the flag 'lost'",
		     (unsigned long long)cmd->doubtful);
	if (cmd->uncounted)
		warn("too many conversations: %llu packets of later ones are in none",
		     (unsigned long long)cmd->uncounted);
	if (cmd->ran_short)
		warn("too many connections at a time: some rows end with 'cut' or are missing");
	if (cmd->is_cut)
		warn("%s", why->text);
	return cmd->dropped || cmd->doubtful || cmd->uncounted || cmd->ran_short || cmd->is_cut
		   ? EXIT_PARTIAL
		   : EXIT_DONE;
}

int
main(int argc, char **argv)
{
	struct transactions_options options;
	struct service service = SERVICE_INIT;
	struct failure why = FAILURE_INIT;
	struct transactions_cmd cmd;
	struct fileword file = FILEWORD_INIT;
	const char *own;
	int found;

	cli_start(&self);
	options = parse_options(argc, argv);
	options.aside = getenv("TMPDIR");
	if (options.packets && isatty(STDOUT_FILENO))
		die_usage("packets are not for a terminal: redirect them to a file, or to tshark");
	found = fileword_find(&file, options.input, getenv, &why);
	if (found == EXIT_MISUSE)
		die_usage("%s", why.text);
	if (options.tables.count == 0 && file.tables.count > 0)
		strvec_pushv(&options.tables, file.tables.list);
	own = options.service ? options.service : file.service;
	if (found != EXIT_DONE || (own && config_service_load(&service, own, getenv, &why) < 0) ||
	    transactions_cmd_open(&cmd, file.path, &options, &why) < 0)
		die("%s", why.text);
	cmd.service = service.vip_count ? &service : NULL;
	cli_remove_at_signal(cmd.marked.temporary);
	if (transactions_cmd_run(&cmd, &options, &why) < 0)
		die("%s", why.text);
	transactions_options_release(&options);
	service_release(&service);
	fileword_release(&file);
	return cli_finish(report(&cmd, &why));
}
