/*
 * vcap-filter: addresses and a service to a classic BPF program, or, with -r and -w, applied to a
 * capture file.
 */
#include "cli.h"
#include "filter/filter_cmd.h"
#include "filter/selection.h"
#include "packet/bpf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XT_BPF_MAX 64 /* instructions that iptables' bpf match takes */

static const struct command self = {
    .name = "vcap-filter",
    .synopsis = "[-S service] [-m mode] [-P] [-x] [-e expression] [-y linktype] [--widen] [-d | "
		"-dd | -ddd | --comma] [-r in -w out] [--specs file] [spec ...]",
    .options =
	"  -S, --service service    packets of this service\n"
	"  -m, --monitors mode      health checks: none, include or only (none)\n"
	"  -P, --per-packet         either address of a packet in the set\n"
	"  -x, --exclude            what would be dropped without this option\n"
	"  -e, --expression expression\n                           of these packets, those that "
	"tcpdump would print\n"
	"  -y, --linktype linktype  EN10MB, RAW, LINUX_SLL or LINUX_SLL2 (EN10MB)\n"
	"      --widen              if addresses do not fit, let more through\n"
	"  -d, --dump               the program as a listing; -dd: for C; -ddd: decimal (default)\n"
	"      --comma              the program on one line, for iptables and tc\n"
	"  -r, --read in            apply the filter to this capture file\n"
	"  -w, --write out          and write what belongs to this one\n"
	"      --specs file         more addresses, one or more a line\n"
	"      --help               show this help\n"
	"      --version            show the version\n",
};

struct request {
	struct selection selection;
	enum bpf_form form;
	bool widen;
	const char *in, *out, *specs;
};

static struct request
parse_options(int argc, char **argv)
{
	enum { COMMA = 256, SPECS, WIDEN };
	static const struct option options[] = {SELECTION_OPTIONS,
						{"widen", no_argument, NULL, WIDEN},
						{"dump", no_argument, NULL, 'd'},
						{"comma", no_argument, NULL, COMMA},
						{"read", required_argument, NULL, 'r'},
						{"write", required_argument, NULL, 'w'},
						{"specs", required_argument, NULL, SPECS},
						CLI_OPTIONS};
	static const enum bpf_form dumps[] = {BPF_DECIMAL, BPF_LISTING, BPF_C, BPF_DECIMAL};
	struct request request = {.selection = SELECTION_INIT};
	struct selection *selection = &request.selection;
	struct failure why = FAILURE_INIT;
	unsigned dump = 0;
	bool comma = false;
	int opt, taken;

	while ((opt = getopt_long(argc, argv, ":" SELECTION_LETTERS "dr:w:", options, NULL)) !=
	       -1) {
		taken = selection_option(selection, opt, optarg, getenv, &why);
		if (taken < 0)
			die_usage("%s", why.text);
		if (taken > 0)
			continue;
		switch (opt) {
		case WIDEN: request.widen = true; break;
		case 'd': dump++; break;
		case COMMA: comma = true; break;
		case 'r': request.in = optarg; break;
		case 'w': request.out = optarg; break;
		case SPECS: request.specs = optarg; break;
		default: cli_option(opt, argv);
		}
	}
	if (dump > 3 || (dump && comma))
		die_usage("one of -d, -dd, -ddd and --comma, please");
	if (!request.in != !request.out)
		die_usage("-r and -w go together");
	if (request.out && strcmp(request.out, "-") == 0 && isatty(STDOUT_FILENO))
		die_usage("standard output is a terminal: use -w or a pipe");
	if (request.widen && selection->exclude)
		die_usage("--widen lets more through, -x with it would let less through");
	request.form = comma ? BPF_COMMA : dumps[dump];
	selection->from_file = request.in != NULL;
	return request;
}

/* Says what the user should know about the selection. */
static void
tell(const struct selection *selection)
{
	for (unsigned i = 0; i < selection->remark_count; i++)
		warn("%s", selection->remarks[i].text);
}

static int
apply(struct request *request)
{
	struct filter_cmd job;
	struct failure why = FAILURE_INIT;
	enum copy_outcome outcome;

	tell(&request->selection);
	if (filter_cmd_open(&job, request->in, request->out, &why) < 0)
		die("%s", why.text);
	cli_remove_at_signal(job.out.temporary);
	outcome = filter_cmd_run(&job, &request->selection, &why);
	cli_remove_at_signal(NULL);
	if (outcome == COPY_FAILED)
		die("%s", why.text);
	if (outcome == COPY_CUT)
		warn("%s", why.text);
	return outcome == COPY_CUT ? EXIT_PARTIAL : EXIT_DONE;
}

static int
print(struct request *request)
{
	struct selection *selection = &request->selection;
	struct bpf program = BPF_INIT;
	struct failure why = FAILURE_INIT;

	if (selection_compile(selection, request->widen, &program, &why) < 0)
		die("%s", why.text);
	tell(selection);
	if (request->form == BPF_COMMA && selection->linktype == LINKTYPE_RAW &&
	    program.count > XT_BPF_MAX)
		die("the program has %zu instructions, iptables' bpf match takes %d", program.count,
		    XT_BPF_MAX);
	bpf_print(&program, request->form, stdout);
	bpf_release(&program);
	return cli_finish(EXIT_DONE);
}

int
main(int argc, char **argv)
{
	struct request request;
	struct failure why = FAILURE_INIT;
	bool stdin_is_taken;
	int status;

	cli_start(&self);
	request = parse_options(argc, argv);
	stdin_is_taken = request.in && strcmp(request.in, "-") == 0;
	if (selection_add(&request.selection, request.specs, argv + optind, stdin_is_taken, &why) <
		0 ||
	    selection_decide(&request.selection, &why) < 0)
		die_usage("%s", why.text);
	status = request.in ? apply(&request) : print(&request);
	selection_release(&request.selection);
	return status;
}
