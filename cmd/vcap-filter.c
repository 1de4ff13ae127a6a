/*
 * vcap-filter: addresses and a service to a classic BPF program, or, with -r and -w, applied to a
 * capture file.
 */
#include "capfile.h"
#include "cli.h"
#include "config.h"
#include "fdio.h"
#include "filter.h"
#include "priv.h"
#include "program.h"
#include "selection.h"
#include "sieve.h"

#include <stdlib.h>
#include <string.h>

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
	enum program_form form;
	bool widen;
	const char *in, *out;
};

static uint16_t
parse_linktype(const char *word)
{
	static const struct {
		const char *name;
		uint16_t value;
	} types[] = {
	    {"EN10MB", LINKTYPE_EN10MB},
	    {"RAW", LINKTYPE_RAW},
	    {"LINUX_SLL", LINKTYPE_LINUX_SLL},
	    {"LINUX_SLL2", LINKTYPE_LINUX_SLL2},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcasecmp(types[i].name, word) == 0)
			return types[i].value;
	die_usage("not EN10MB, RAW, LINUX_SLL or LINUX_SLL2: '%s'", word);
}

static void
add_specs(struct request *request, const char *file, char *const *words)
{
	bool stdin_taken = request->in && strcmp(request->in, "-") == 0;
	struct failure why = FAILURE_INIT;

	if (file && selection_add_file(&request->selection, file, &why) < 0)
		die_usage("%s", why.text);
	for (; *words; words++) {
		if (stdin_taken && strcmp(*words, "-") == 0)
			die_usage("standard input cannot be both the capture and the addresses");
		if (selection_add(&request->selection, *words, &why) < 0)
			die_usage("%s", why.text);
	}
}

static void
parse_options(struct request *request, int argc, char **argv)
{
	enum { COMMA = 1, SPECS, WIDEN };
	static const struct option options[] = {{"service", required_argument, NULL, 'S'},
						{"monitors", required_argument, NULL, 'm'},
						{"per-packet", no_argument, NULL, 'P'},
						{"exclude", no_argument, NULL, 'x'},
						{"expression", required_argument, NULL, 'e'},
						{"linktype", required_argument, NULL, 'y'},
						{"widen", no_argument, NULL, WIDEN},
						{"dump", no_argument, NULL, 'd'},
						{"comma", no_argument, NULL, COMMA},
						{"read", required_argument, NULL, 'r'},
						{"write", required_argument, NULL, 'w'},
						{"specs", required_argument, NULL, SPECS},
						CLI_OPTIONS};
	static const enum program_form dumps[] = {PROGRAM_DECIMAL, PROGRAM_LISTING, PROGRAM_C,
						  PROGRAM_DECIMAL};
	struct selection *selection = &request->selection;
	struct failure why = FAILURE_INIT;
	const char *specs = NULL;
	unsigned dump = 0;
	bool comma = false;
	int opt, rc = 0;

	while ((opt = getopt_long(argc, argv, ":S:m:Pxe:y:dr:w:", options, NULL)) != -1) {
		switch (opt) {
		case 'S':
			service_release(&selection->service);
			rc = config_service_load(&selection->service, optarg, getenv, &why);
			selection->has_service = true;
			break;
		case 'm': rc = service_parse_mode(optarg, &selection->monitors, &why); break;
		case 'P': selection->per_packet = true; break;
		case 'x': selection->exclude = true; break;
		case 'e': selection->expression = optarg; break;
		case 'y': selection->linktype = parse_linktype(optarg); break;
		case WIDEN: request->widen = true; break;
		case 'd': dump++; break;
		case COMMA: comma = true; break;
		case 'r': request->in = optarg; break;
		case 'w': request->out = optarg; break;
		case SPECS: specs = optarg; break;
		default: cli_option(opt, argv);
		}
		if (rc < 0)
			die_usage("%s", why.text);
	}
	if (dump > 3 || (dump && comma))
		die_usage("one of -d, -dd, -ddd and --comma, please");
	if (!request->in != !request->out)
		die_usage("-r and -w go together");
	if (request->widen && selection->exclude)
		die_usage("--widen lets more through, -x with it would let less through");
	request->form = comma ? PROGRAM_COMMA : dumps[dump];
	add_specs(request, specs, argv + optind);
	if (selection_decide(selection, &why) < 0)
		die_usage("%s", why.text);
	for (unsigned i = 0; i < selection->remark_count; i++)
		warn("%s", selection->remarks[i].text);
}

static int
apply(struct request *request)
{
	struct selection *selection = &request->selection;
	struct outfile out = OUTFILE_INIT;
	struct failure why = FAILURE_INIT;
	struct capfile *in = capfile_open(request->in, &why);
	struct capwriter *writer = NULL;
	enum sieve_outcome outcome = SIEVE_FAILED;

	if (in && outfile_open(&out, request->out, &why) == 0 && priv_drop_all(&why) == 0)
		writer = capwriter_new(out.fd, capfile_format(in), &why);
	if (writer)
		outcome = sieve_copy(in, writer, selection_judge, selection, &why);
	capwriter_free(writer);
	capfile_close(in);
	if (selection->why.text[0]) {
		outfile_abandon(&out);
		die_usage("%s", selection->why.text);
	}
	if (outcome == SIEVE_CUT)
		warn("%s", why.text);
	if (outcome != SIEVE_FAILED && outfile_commit(&out, &why) == 0)
		return outcome == SIEVE_CUT ? EXIT_PARTIAL : EXIT_DONE;
	outfile_abandon(&out);
	die("%s", why.text);
}

static void
compile(const struct request *request, struct program *program)
{
	const struct filter *filter = &request->selection.filter;
	uint16_t linktype = request->selection.linktype;
	struct filter_widening widening = {.added = "0"};
	struct failure why = FAILURE_INIT;

	if ((request->widen && filter->set
		 ? filter_compile_widened(filter, linktype, program, &widening, &why)
		 : filter_compile(filter, linktype, program, &why)) < 0)
		die("%s", why.text);
	if (strcmp(widening.added, "0") != 0)
		warn("widened by %s addresses to %zu intervals: apply the list itself to what is "
		     "captured (vcap-filter -r)",
		     widening.added, widening.intervals);
	if (request->form == PROGRAM_COMMA && linktype == LINKTYPE_RAW &&
	    program->count > XT_BPF_MAX)
		die("the program has %zu instructions, iptables' bpf match takes %d",
		    program->count, XT_BPF_MAX);
}

static int
print(const struct request *request)
{
	struct program program = PROGRAM_INIT;

	compile(request, &program);
	program_print(&program, request->form, stdout);
	program_release(&program);
	return cli_finish(EXIT_DONE);
}

int
main(int argc, char **argv)
{
	struct request request = {.selection = SELECTION_INIT};
	int status;

	cli_start(&self);
	parse_options(&request, argc, argv);
	status = request.in ? apply(&request) : print(&request);
	selection_release(&request.selection);
	return status;
}
