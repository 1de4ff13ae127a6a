/*
 * vcap-merge: merges the capture files of many engines into one, in the order of time.
 */
#include "cli.h"
#include "controller/gate.h"

#include "base/fileio.h"
#include "base/priv.h"
#include "controller/config.h"
#include "filter/service.h"
#include "merge/merge_cmd.h"
#include "merge/merge_live.h"
#include "merge/merge_options.h"

#include <stdlib.h>

static const struct command self = {
    .name = "vcap-merge",
    .says = "Merges capture files into one, in the order of time.",
    .examples = "vcap-merge -S shop -w all.pcapng lb1=one.pcap lb2=two.pcap\n",
    .synopsis = "[-w file] [-F pcapng | pcap] [-S service] [-o name=offset] [-z] [--comment text] "
		"[--mixed] [--strict] [--region name] [--engines list] [--only part] "
		"[--since time] [--until time] [--complete] [--cut] [--keys file] [--window time] "
		"[--live] [--announce] [--stall time] [--control fd] [name=]input ...",
    .options = "  -w, --write file          write to file instead of standard output\n"
	       "  -F, --format format       pcapng (the default) or pcap\n"
	       "  -S, --service service     name the side of the service each packet is on\n"
	       "  -o, --offset name=offset  add offset seconds to the times of engine name\n"
	       "  -z, --zstd                compress the output\n"
	       "      --comment text        add a comment to the output\n"
	       "      --mixed               let inputs differ in link type\n"
	       "      --strict              fail at a damaged input, rather than read on\n"
	       "      --region name         keep the engines' names in this input\n"
	       "      --engines list        ... but not these engines'\n"
	       "      --only part           an engine, a side, or both: lb1, /client, lb1/client\n"
	       "      --since time          only packets from then on: 03:00, -5m, with a date\n"
	       "      --until time          only packets before then\n"
	       "      --complete            only from where no ring has lost any\n"
	       "      --cut                 packets without their payload\n"
	       "      --keys file           with the TLS keys of its sessions from this key log\n"
	       "      --window time         sort what a pipe has out of order by up to this (1s)\n"
	       "      --live                write each packet as soon as none older can come\n"
	       "      --announce            ... and say when each input begins\n"
	       "      --stall time          how long a silent input is waited for (2s)\n"
	       "      --control fd          ... and what vcap-live says of its inputs (no file)\n",
};

/* Returns the inputs, a NULL-terminated part of argv. */
static char **
parse_options(int argc, char **argv, struct merge_options *options, struct service *service)
{
	static const struct option known[] = {MERGE_OPTIONS, CLI_OPTIONS};
	struct merge_cmd *cmd = options->cmd;
	struct failure why;
	int opt;

	while ((opt = getopt_long(argc, argv, ":" MERGE_OPTIONS_LETTERS, known, NULL)) != -1) {
		int rc = merge_options_set(options, opt, optarg, &why);

		if (rc < 0)
			die_usage("%s", why.text);
		if (rc == 0)
			cli_option(opt, argv);
	}
	if (merge_options_check(cmd, &why) < 0)
		die_usage("%s", why.text);
	if (!argv[optind])
		die_usage("no input given (try --help)");
	cli_stream_to(cmd->output);
	if (options->service) {
		if (config_service_load(service, options->service, getenv, &why) < 0)
			die_usage("%s", why.text);
		cmd->service = service;
	}
	return argv + optind;
}

/* Removes the incomplete output and exits. */
static _Noreturn void
fail(struct merge_cmd *cmd, const struct failure *why)
{
	cli_remove_at_signal(NULL);
	merge_cmd_release(cmd);
	die("%s", why->text);
}

/* Opens the inputs and the output, then gives up all privileges. */
static void
open_all(struct merge_cmd *cmd, char *const *inputs)
{
	struct failure why;

	if (priv_drop_all(&why) < 0)
		die("%s", why.text);
	fileio_raise_limit();
	if (merge_cmd_open_inputs(cmd, inputs, &why) < 0 || merge_cmd_open_output(cmd, &why) < 0)
		fail(cmd, &why);
	cli_remove_at_signal(cmd->out.file.temporary);
	if (merge_cmd_confine(cmd, &why) < 0)
		fail(cmd, &why);
}

/* Reads the first packets, so that a wrong command line fails before anything is written. */
static void
start(struct merge_cmd *cmd)
{
	const char *unknown;
	struct failure why;

	if (merge_cmd_start(cmd, &why) < 0)
		fail(cmd, &why);
	unknown = merge_cmd_unknown_engine(cmd);
	if (unknown && !cmd->live)
		die_usage("no input has the engine '%s'", unknown);
}

static void
report(const char *line)
{
	warn("%s", line);
}

int
main(int argc, char **argv)
{
	struct merge_cmd cmd = MERGE_CMD_INIT;
	struct merge_live live = MERGE_LIVE_INIT;
	struct merge_keys keys = MERGE_KEYS_INIT;
	struct merge_options options = {.cmd = &cmd, .live = &live, .keys = &keys};
	struct service service = SERVICE_INIT;
	struct failure why;
	char **inputs;
	int status;

	cli_start(&self);
	if (cli_is_for_another() && gate_check_merge(argv, &why) < 0)
		die_usage("%s", why.text);
	live.report = report;
	inputs = parse_options(argc, argv, &options, &service);
	open_all(&cmd, inputs);
	start(&cmd);
	if (merge_cmd_write(&cmd, &why) < 0 && !live.has_lost_reader)
		fail(&cmd, &why);
	cli_remove_at_signal(NULL);
	status = merge_cmd_report(&cmd, report) ? EXIT_PARTIAL : EXIT_DONE;
	merge_cmd_release(&cmd);
	merge_live_release(&live);
	service_release(&service);
	return status;
}
