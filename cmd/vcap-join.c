/*
 * vcap-join: keeps the complete transactions of a capture, both sides of the proxy.
 */
#include "cli.h"
#include "controller/config.h"
#include "controller/fileword.h"
#include "join/join_cmd.h"
#include "join/join_options.h"

#include <stdlib.h>
#include <string.h>

static const struct command self = {
    .name = "vcap-join",
    .says = "Keeps whole transactions of clients or servers, on both sides of a proxy.",
    .examples = "vcap-join -S shop -r shop.pcapng -w client.pcapng 10.1.0.7\n",
    .synopsis =
	"[-S service] [--capture capture] [-t table] ... [-m mode] [-P] [-x] [-f program] "
	"[--bytecode text] [--header name] [--keys] [--undecided drop|keep] [--live] "
	"[--memory size] [--hold time] [--mixed] [--specs file] [-r in] [-w out] [spec ...]",
    .options = "  -S, --service service    transactions of this service\n"
	       "      --capture capture    the file of one in the spool; without -S its service,\n"
	       "                           and without -t the pairs that its engines kept\n"
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

/* What names the service and the rest of a capture. */
struct named {
	const char *service, *capture; /* NULL: not named */
};

static struct named
parse_options(struct join_options *options, int argc, char **argv)
{
	enum { CAPTURE = 0x200 };
	static const struct option table[] = {{"service", required_argument, NULL, 'S'},
					      {"capture", required_argument, NULL, CAPTURE},
					      JOIN_OPTIONS,
					      CLI_OPTIONS};
	struct failure why = FAILURE_INIT;
	struct named named = {0};
	int opt;

	while ((opt = getopt_long(argc, argv, ":S:" JOIN_LETTERS, table, NULL)) != -1) {
		int taken = join_options_take(options, opt, optarg, &why);

		if (taken < 0)
			die_usage("%s", why.text);
		if (opt == 'S')
			named.service = optarg;
		else if (opt == CAPTURE)
			named.capture = optarg;
		else if (taken == 0)
			cli_option(opt, argv);
	}
	cli_stream_to(options->out);
	return named;
}

/* Takes from a capture of the spool its file, its service and its pairs, unless others were named. */
static void
open_capture(struct join_options *options, struct named *named, struct fileword *file)
{
	struct failure why = FAILURE_INIT;
	int found = fileword_find_capture(file, named->capture, getenv, &why);

	if (found == EXIT_MISUSE)
		die_usage("%s", why.text);
	if (found != EXIT_DONE)
		die("%s", why.text);
	if (strcmp(options->in, "-") != 0)
		die_usage("'--capture' names a file itself: '%s'", options->in);
	options->in = file->path;
	if (!named->service)
		named->service = file->service;
	if (options->tables.count == 0 && file->tables.count > 0)
		strvec_pushv(&options->tables, file->tables.list);
}

static int
join_captures(struct join_cmd *cmd, struct join_config *config)
{
	struct failure why = FAILURE_INIT, complaint;
	enum copy_outcome outcome;

	cli_remove_at_signal(cmd->out.file.temporary);
	outcome = join_cmd_run(cmd, config, &why);
	cli_remove_at_signal(NULL);
	if (outcome == COPY_FAILED)
		die("%s", why.text);
	if (pairfile_complains(&cmd->tables, &complaint))
		warn("%s", complaint.text);
	warn_lines(join_counts_remarks(&cmd->counts, cmd->expired));
	warn_lines(cmd->failed_connects);
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
	struct fileword file = FILEWORD_INIT;
	struct join_cmd cmd;
	struct named named;
	int status;

	cli_start(&self);
	named = parse_options(&options, argc, argv);
	if (named.capture)
		open_capture(&options, &named, &file);
	if (named.service) {
		options.config.service = &service;
		if (config_service_load(&service, named.service, getenv, &why) < 0)
			die_usage("%s", why.text);
	}
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
	fileword_release(&file);
	return status;
}
