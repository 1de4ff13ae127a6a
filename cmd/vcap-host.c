/* vcap-host: answers the requests of a controller on an engine. */
#include "base/answer.h"
#include "base/parse.h"
#include "capture/hostlosses.h"
#include "capture/hostreply.h"
#include "capture/hostreport.h"
#include "capture/hosttrial.h"
#include "cli.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const struct command self = {
    .name = "vcap-host",
    .says = "Answers what a controller asks of this engine.",
    .examples = "vcap-host check\nvcap-host list /var/lib/vcap/run\n",
    .synopsis =
	"status dir [token]\nstop dir [token]\nfollow dir [token]\nremove dir [token]\n"
	"pairs dir [token]\nkeys dir [token]\nsnapshot dir new [from to token new-token]\n"
	"list dir\ncheck [-i iface] ... [dir [vip ...]]\ntrial [iface ...]\nlosses [iface ...]\n"
	"clock\nanswer nonce -- command [arg ...]",
    .options = "  status dir   prints the status of the capture in dir\n"
	       "  stop dir     stops it, waits until it is on disk, prints its status\n"
	       "  follow dir   answers each line of input with the time and its status\n"
	       "  remove dir   removes it, unless it is running\n"
	       "  pairs|keys dir  prints what it has kept of connection pairs, of TLS keys\n"
	       "  snapshot ... keeps what the rolling capture in dir has of a time, in new\n"
	       "  list dir     prints what captures lie in dir\n"
	       "  check ...    prints whether this host can capture, which addresses it has\n"
	       "  trial ...    captures a moment, to show that rings can be opened\n"
	       "  losses ...   prints what the host loses within a second\n"
	       "  clock        answers each line of input with the time\n"
	       "  answer ...   prints 'vcap-answer NONCE', then runs a command of vcap's\n"
	       "  token        only if it is this capture's, as vcap-run was told\n\n"
	       "  -i, --interface iface  check: this one, not those captured by default\n",
};

struct arguments {
	char **operands; /* NULL-ended */
	int count;       /* of them */
	struct strvec interfaces;
	hostreply *reply;
};

static struct failure why; /* of the request */
static int run_request(int argc, char **argv);

static int
do_reply(const struct arguments *arguments)
{
	return arguments->reply(arguments->operands, stdout, warn, &why);
}

static int
do_check(const struct arguments *arguments)
{
	char **address = arguments->operands;
	const char *dir = *address ? *address++ : NULL;
	int found = hostreport_write(dir, &arguments->interfaces, address, stdout, warn, &why);

	if (found < 0)
		die_usage("%s", why.text);
	return found ? EXIT_DONE : EXIT_FAILED;
}

static int
do_answer(const struct arguments *arguments)
{
	const enum answer_rights rights = cli_is_for_another() ? ANSWER_SUDO : ANSWER_CALLER;
	char **command = arguments->operands + 1;
	int status = answer_begin(arguments->operands[0], command, rights, &why);

	if (status == EXIT_DONE && strcmp(*command, self.name) == 0)
		return run_request(arguments->count - 1, command);
	if (status == EXIT_DONE)
		status = answer_execute(command, rights, &why);
	warn("%s", why.text);
	return status;
}

static const struct request {
	const char *name, *needs;
	int min, max; /* operands */
	int (*run)(const struct arguments *arguments);
	hostreply *reply; /* for do_reply */
} requests[] = {
    {"status", "a directory", 1, 2, do_reply, hostreply_status},
    {"stop", "a directory", 1, 2, do_reply, hostreply_stop},
    {"follow", "a directory", 1, 2, do_reply, hostreply_follow},
    {"remove", "a directory", 1, 2, do_reply, hostreply_remove},
    {"pairs", "a directory", 1, 2, do_reply, hostreply_pairs},
    {"keys", "a directory", 1, 2, do_reply, hostreply_keys},
    {"snapshot", "two directories", 2, 6, do_reply, hostreply_snapshot},
    {"list", "a directory", 1, 1, do_reply, hostreply_list},
    {"check", NULL, 0, INT_MAX, do_check, NULL},
    {"trial", NULL, 0, INT_MAX, do_reply, hosttrial_reply},
    {"losses", NULL, 0, INT_MAX, do_reply, hostlosses_reply},
    {"clock", NULL, 0, 0, do_reply, hostreply_clock},
    {"answer", "a nonce and a command", 2, INT_MAX, do_answer, NULL},
};

static const struct request *
parse_options(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {{"interface", required_argument, NULL, 'i'},
						CLI_OPTIONS};
	const struct request *request;
	int opt;

	optind = 0; /* getopt_long(3): another list begins; options stand anywhere */
	while ((opt = getopt_long(argc, argv, ":i:", options, NULL)) != -1) {
		if (opt != 'i')
			cli_option(opt, argv);
		strvec_push(&arguments->interfaces, optarg);
	}
	if (arguments->interfaces.failed)
		die("out of memory");
	request = CLI_REQUEST(requests, argv[optind++]);
	arguments->operands = argv + optind;
	arguments->count = argc - optind;
	arguments->reply = request->reply;
	if (arguments->count < request->min)
		die_usage("'%s' needs %s", request->name, request->needs);
	if (arguments->count > request->max)
		die_usage("unexpected argument '%s'", argv[optind + request->max]);
	if (request->max == 2 && arguments->count == 2 && !parse_is_token(argv[optind + 1]))
		die_usage("not a token of a capture: '%s'", argv[optind + 1]);
	if (arguments->interfaces.count > 0 && request->run != do_check)
		die_usage("'-i' goes with 'check'");
	return request;
}

static int
run_request(int argc, char **argv)
{
	struct arguments arguments = {.interfaces = STRVEC_INIT};
	int status = parse_options(argc, argv, &arguments)->run(&arguments);

	if (status < 0)
		die("%s", why.text);
	return status;
}

int
main(int argc, char **argv)
{
	cli_start(&self);
	return cli_finish(run_request(argc, argv));
}
