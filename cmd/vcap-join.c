/*
 * vcap-join: keeps the complete transactions of a capture, both sides of the proxy.
 */
#include "cli.h"
#include "controller/config.h"
#include "join/join_cmd.h"
#include "join/join_options.h"

#include <stdlib.h>
#include <string.h>

static const struct command self = {
    .name = "vcap-join",
    .says = "Keeps whole transactions of clients or servers, on both sides of a proxy.",
    .examples = "vcap-join -S shop -r shop.pcapng -w client.pcapng 10.1.0.7\n",
    .synopsis =
	"[-S service] [-t table] ... [-m mode] [-P] [-x] [-f program] [--bytecode text] "
	"[--header name] [--keys] [--undecided drop|keep] [--live] [--memory size] [--hold time] "
	"[--mixed] [--specs file] "
	"[-r in] [-w out] [spec ...]",
    .options = "  -S, --service service    transactions of this service\n"
	       "  -t, --table table        pairs that vcap-flows printed; may be repeated\n"
	       "  -m, --monitors mode      health checks: none, include or only (none)\n"
	       "  -P, --per-packet         either address of a packet in the set\n"
	       "  -x, --exclude            what would be dropped without this option\n"
	       "  -f, --filter program     of what is kept, what this program accepts\n"
	       "      --bytecode text      the same, with the program as one word\n"
	       "      --header name        the header with the client's address,\n"
	       "                           'name hops': so many values from its end\n"
	       "      --keys               with the TLS keys in it, those of what belongs\n"
	       "      --undecided what     drop or keep the undecided (drop; without spec keep)\n"
	       "      --live               judge a file as a stream, too\n"
	       "      --memory size        what a stream may hold (64M)\n"
	       "      --hold time          how long (3s)\n"
	       "      --mixed              let interfaces differ in link type\n"
	       "      --specs file         more addresses, one or more a line\n"
	       "  -r, --read in            the capture (-)\n"
	       "  -w, --write out          and what belongs to it (-)\n",
};

static void
parse_options(struct join_options *options, struct service *service, int argc, char **argv)
{
	static const struct option table[] = {
	    {"service", required_argument, NULL, 'S'}, JOIN_OPTIONS, CLI_OPTIONS};
	struct failure why = FAILURE_INIT;
	int opt;

	while ((opt = getopt_long(argc, argv, ":S:" JOIN_LETTERS, table, NULL)) != -1) {
		int taken = join_options_take(options, opt, optarg, &why);

		if (opt == 'S') {
			service_release(service);
			options->config.service = service;
			taken = config_service_load(service, optarg, getenv, &why) < 0 ? -1 : 1;
		}
		if (taken < 0)
			die_usage("%s", why.text);
		if (taken == 0)
			cli_option(opt, argv);
	}
	cli_stream_to(options->out);
}

/* Prints what was found, and what makes it uncertain. */
static void
report(const struct join_cmd *cmd)
{
	const struct join_counts *counts = &cmd->counts;
	char *summary = join_counts_format(counts, cmd->expired);
	const char *advice = join_counts_advice(counts);
	struct failure complaint;

	if (pairfile_complains(&cmd->tables, &complaint))
		warn("%s", complaint.text);
	if (counts->useless_pairs)
		warn("%llu pairs lack a server or its port and are not used",
		     (unsigned long long)counts->useless_pairs);
	if (counts->by_address)
		warn("some connections were joined by address alone, as no port was known");
	if (counts->vip_unknown)
		warn("clients were identified without their service: connections of other services "
		     "to the same servers are kept too");
	if (summary)
		warn("%s", summary);
	if (advice)
		warn("%s", advice);
	free(summary);
	warn_lines(cmd->failed_connects);
}

static int
join_captures(struct join_cmd *cmd, struct join_config *config)
{
	struct failure why = FAILURE_INIT;
	enum copy_outcome outcome;

	cli_remove_at_signal(cmd->out.file.temporary);
	outcome = join_cmd_run(cmd, config, &why);
	cli_remove_at_signal(NULL);
	if (outcome == COPY_FAILED)
		die("%s", why.text);
	report(cmd);
	if (outcome == COPY_CUT)
		warn("%s", why.text);
	return outcome == COPY_CUT ? EXIT_PARTIAL : EXIT_DONE;
}

int
main(int argc, char **argv)
{
	struct join_options options = JOIN_OPTIONS_INIT;
	struct service service = SERVICE_INIT;
	struct failure why = FAILURE_INIT;
	struct join_cmd cmd;
	int status;

	cli_start(&self);
	parse_options(&options, &service, argc, argv);
	if (join_options_decide(&options, argv + optind, &why) < 0)
		die_usage("%s", why.text);
	if (join_options_load_program(&options, &why) < 0 ||
	    join_cmd_open(&cmd, options.in, options.out, options.tables.list, options.tables.count,
			  options.mode, options.keys, &why) < 0)
		die("%s", why.text);
	cmd.mixes_linktypes = options.mixes_linktypes;
	cli_pass_interrupt(options.in);
	status = join_captures(&cmd, &options.config);
	join_options_release(&options);
	service_release(&service);
	return status;
}
