/*
 * vcap-filter: compiles addresses and a service to a classic BPF program, or with -r and -w filters
 * a capture file by them.
 */
#include "cli.h"
#include "controller/config.h"
#include "filter/filter_cmd.h"
#include "filter/filter_options.h"
#include "packet/bpf.h"

#include <stdlib.h>
#include <string.h>

#define XT_BPF_MAX 64 /* instructions that iptables' bpf match takes */

static const struct command self = {
    .name = "vcap-filter",
    .says = "Turns addresses and a service into a packet filter, or filters a file.",
    .examples = "vcap-filter -S shop 10.1.1.0/24 >shop.bpf\nvcap-filter -r big.pcap -w hits.pcap "
		"10.1.1.1 2001:db8::/32\n",
    .synopsis =
	"[-S service] [-m mode] [-P] [-x] [-e expression] [-y linktype] [--widen] [-d | "
	"-dd | -ddd | --comma] [-r in -w out [--cut | --keys] [--mixed]] [-v] [--specs file] "
	"[spec ...]",
    .options =
	"  -S, --service service    packets of this service\n"
	"  -m, --monitors mode      health checks: none, include or only (none)\n"
	"  -P, --per-packet         either address of a packet in the set\n"
	"  -x, --exclude            what would be dropped without this option\n"
	"  -e, --expression expression\n                           of these packets, those that "
	"tcpdump would print\n"
	"  -y, --linktype linktype  EN10MB, RAW, LINUX_SLL, NULL, PPP ... (EN10MB)\n"
	"      --widen              if addresses do not fit, let more through\n"
	"  -d, --dump               as a listing; -dd: for C; -ddd: decimal (default)\n"
	"      --comma              the program on one line, for iptables and tc\n"
	"  -r, --read in            apply the filter to this capture file\n"
	"  -w, --write out          and write what belongs to this one\n"
	"      --cut                its packets without their payload\n"
	"      --keys               with the TLS keys in it, those of what belongs\n"
	"      --mixed              let its interfaces differ in link type\n"
	"  -v, --verbose            say what decides which packets belong\n"
	"      --specs file         more addresses, one or more a line\n",
};

static void
parse_options(struct filter_options *options, struct service *service, int argc, char **argv)
{
	static const struct option table[] = {
	    {"service", required_argument, NULL, 'S'}, FILTER_OPTIONS, CLI_OPTIONS};
	struct failure why = FAILURE_INIT;
	int opt;

	while ((opt = getopt_long(argc, argv, ":S:" FILTER_LETTERS, table, NULL)) != -1) {
		int taken = filter_options_take(options, opt, optarg, &why);

		if (opt == 'S') {
			service_release(service);
			options->selection.service = service;
			taken = config_service_load(service, optarg, getenv, &why) < 0 ? -1 : 1;
		}
		if (taken < 0)
			die_usage("%s", why.text);
		if (taken == 0)
			cli_option(opt, argv);
	}
	if (options->out)
		cli_stream_to(options->out);
	if (filter_options_decide(options, argv + optind, &why) < 0)
		die_usage("%s", why.text);
}

static void
print_lines(const struct strvec *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		warn("%s", lines->list[i]);
}

/* A command that has a program compiled knows what it has to do with it. */
static void
print_remarks(const struct filter_options *options)
{
	print_lines(&options->selection.warnings);
	if (options->is_verbose || !cli_is_lent())
		print_lines(&options->selection.notes);
	if (options->is_verbose)
		print_lines(&options->selection.facts);
}

static int
filter_file(struct filter_options *options)
{
	struct filter_cmd cmd;
	struct failure why = FAILURE_INIT;
	enum copy_outcome outcome;

	print_remarks(options);
	if (filter_cmd_open(&cmd, options->in, options->out,
			    options->keeps_keys ? FILTER_KEYS_OF_OUTPUT : FILTER_KEYS_NONE,
			    &why) < 0)
		die("%s", why.text);
	cmd.cuts = options->cuts;
	cmd.mixes_linktypes = options->mixes_linktypes;
	cli_remove_at_signal(cmd.out.file.temporary);
	cli_pass_interrupt(options->in);
	outcome = filter_cmd_run(&cmd, &options->selection, &why);
	cli_remove_at_signal(NULL);
	if (outcome == COPY_FAILED)
		die("%s", why.text);
	if (outcome == COPY_CUT)
		warn("%s", why.text);
	return outcome == COPY_CUT ? EXIT_PARTIAL : EXIT_DONE;
}

static int
print_program(struct filter_options *options)
{
	struct selection *selection = &options->selection;
	struct bpf program = BPF_INIT;
	struct failure why = FAILURE_INIT;

	if (selection_compile(selection, &program, &why) < 0)
		die("%s", why.text);
	print_remarks(options);
	if (options->form == BPF_COMMA && selection->linktype == LINKTYPE_RAW &&
	    program.count > XT_BPF_MAX)
		die("the program has %zu instructions, but iptables' bpf match allows %d",
		    program.count, XT_BPF_MAX);
	bpf_print(&program, options->form, stdout);
	bpf_release(&program);
	return cli_finish(EXIT_DONE);
}

int
main(int argc, char **argv)
{
	struct filter_options options = FILTER_OPTIONS_INIT;
	struct service service = SERVICE_INIT;
	int status;

	cli_start(&self);
	parse_options(&options, &service, argc, argv);
	status = options.in ? filter_file(&options) : print_program(&options);
	selection_release(&options.selection);
	service_release(&service);
	return status;
}
