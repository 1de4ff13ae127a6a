/*
 * vcap-filter: addresses and a service to a classic BPF program, or, with -r and -w, applied to a
 * capture file.
 */
#include "addrset.h"
#include "capfile.h"
#include "cli.h"
#include "config.h"
#include "expr.h"
#include "fdio.h"
#include "filter.h"
#include "priv.h"
#include "program.h"
#include "service.h"
#include "sieve.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPECS_MAX      (64u << 20) /* bytes in a list of addresses */
#define XT_BPF_MAX     64          /* instructions that iptables' bpf match takes */
#define STANDARD_INPUT "standard input"

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
	struct service service;
	struct addrset set;
	struct filter filter;
	uint16_t linktype;
	enum program_form form;
	bool per_packet, has_specs, widen;
	const char *text; /* of -e */
	struct filter_expression expression;
	struct failure why; /* why -e does not suit the file */
	const char *in, *out;
};

enum { OPTION_COMMA = 1, OPTION_SPECS, OPTION_WIDEN };

static void
parse_linktype(struct request *request, const char *word)
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

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (strcasecmp(types[i].name, word) == 0) {
			request->linktype = types[i].value;
			return;
		}
	}
	die_usage("not EN10MB, RAW, LINUX_SLL or LINUX_SLL2: '%s'", word);
}

/* Adds the addresses in a file, or on standard input. */
static void
read_specs(struct addrset *set, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	const char *name = is_stdin ? STANDARD_INPUT : path;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct failure why = FAILURE_INIT;
	char *text;
	size_t size;

	if (fd < 0)
		die("cannot read '%s': %m", path);
	if (fdio_slurp(fd, SPECS_MAX, name, &text, &size, &why) < 0)
		die("%s", why.text);
	if (strlen(text) != size)
		die_usage("%s is not text", name);
	if (addrset_add_lines(set, text, name, &why) < 0)
		die_usage("%s", why.text);
	free(text);
	if (!is_stdin)
		close(fd);
}

static void
add_spec(struct request *request, const char *spec)
{
	struct failure why = FAILURE_INIT;

	request->has_specs = true;
	if (strcmp(spec, "-") == 0 && request->in && strcmp(request->in, "-") == 0)
		die_usage("standard input cannot be both the capture and the addresses");
	if (strcmp(spec, "-") == 0)
		read_specs(&request->set, spec);
	else if (addrset_add(&request->set, spec, &why) < 0)
		die_usage("%s", why.text);
}

static void
parse_options(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {{"service", required_argument, NULL, 'S'},
						{"monitors", required_argument, NULL, 'm'},
						{"per-packet", no_argument, NULL, 'P'},
						{"exclude", no_argument, NULL, 'x'},
						{"expression", required_argument, NULL, 'e'},
						{"linktype", required_argument, NULL, 'y'},
						{"dump", no_argument, NULL, 'd'},
						{"widen", no_argument, NULL, OPTION_WIDEN},
						{"comma", no_argument, NULL, OPTION_COMMA},
						{"read", required_argument, NULL, 'r'},
						{"write", required_argument, NULL, 'w'},
						{"specs", required_argument, NULL, OPTION_SPECS},
						CLI_OPTIONS};
	static const enum program_form dumps[] = {PROGRAM_DECIMAL, PROGRAM_LISTING, PROGRAM_C,
						  PROGRAM_DECIMAL};
	struct failure why = FAILURE_INIT;
	const char *specs = NULL;
	unsigned dump = 0;
	bool comma = false;
	int opt, rc = 0;

	while ((opt = getopt_long(argc, argv, ":S:m:Pxe:y:dr:w:", options, NULL)) != -1) {
		switch (opt) {
		case 'S':
			service_release(&request->service);
			rc = config_service_load(&request->service, optarg, getenv, &why);
			request->filter.service = &request->service;
			break;
		case 'm': rc = service_parse_mode(optarg, &request->filter.monitors, &why); break;
		case 'P': request->per_packet = true; break;
		case 'x': request->filter.exclude = true; break;
		case 'e': request->text = optarg; break;
		case 'y': parse_linktype(request, optarg); break;
		case 'd': dump++; break;
		case OPTION_COMMA: comma = true; break;
		case 'r': request->in = optarg; break;
		case 'w': request->out = optarg; break;
		case OPTION_WIDEN: request->widen = true; break;
		case OPTION_SPECS: specs = optarg; break;
		default: cli_option(opt, argv);
		}
		if (rc < 0)
			die_usage("%s", why.text);
	}
	if (dump > 3 || (dump && comma))
		die_usage("one of -d, -dd, -ddd and --comma, please");
	request->form = comma ? PROGRAM_COMMA : dumps[dump];
	if (!request->in != !request->out)
		die_usage("-r and -w go together");
	if (specs) {
		request->has_specs = true;
		read_specs(&request->set, specs);
	}
	for (char **word = argv + optind; *word; word++)
		add_spec(request, *word);
}

/* What of a service a program can tell: the rest is said. */
static void
consider_monitors(const struct request *request)
{
	const struct service *service = &request->service;

	if (request->filter.monitors == MONITORS_INCLUDE)
		return;
	if (service->monitor_count == 0)
		warn("service '%s' has no monitor lines: health checks cannot be told apart",
		     service->name);
	for (size_t i = 0; i < service->monitor_count; i++) {
		if (service->monitors[i].kind >= MONITOR_EMPTY) {
			warn("service '%s' has monitors that are judged per connection: a filter "
			     "does not tell them apart",
			     service->name);
			return;
		}
	}
}

/* The kind of filter: any packet's addresses, or the transactions of a service. */
static void
choose_kind(struct request *request)
{
	struct filter *filter = &request->filter;
	struct failure why = FAILURE_INIT;
	const char *name = request->service.name;

	addrset_seal(&request->set);
	if (request->has_specs && addrset_is_empty(&request->set))
		die_usage("the list of addresses is empty");
	if (request->has_specs)
		filter->set = &request->set;
	else if (filter->exclude && !request->text)
		die_usage("-x needs addresses or an expression");
	else if (!filter->service && !request->text)
		die_usage("needs addresses, a service or an expression (try --help)");
	if (request->widen && filter->exclude)
		die_usage("--widen lets more through, -x with it would let less through");
	if (request->text &&
	    expr_compile(&request->expression, request->text, request->linktype, &why) < 0)
		die_usage("%s", why.text);
	if (request->text)
		filter->expression = &request->expression;
	if (!filter->service)
		return;
	consider_monitors(request);
	if (!filter->set || request->per_packet)
		return;
	if (!request->service.source_client)
		die_usage(
		    "addresses with service '%s' need -P: its servers see an engine's "
		    "address, so that a filter by addresses would lose the server side; whole "
		    "transactions need vcap-join",
		    name);
	filter->variable_end = true;
	if (!addrset_meets(&request->set, &request->service.server_addresses))
		return;
	if (filter->exclude)
		die_usage("the addresses include a server of service '%s': which clients it served "
			  "cannot be told by addresses, and -x would leave nothing (use -P)",
			  name);
	warn("the addresses include a server of service '%s': both sides are kept whole", name);
	filter->set = NULL;
}

/* An expression is compiled for a link type: the file's, which may not be the one assumed. */
static bool
judge(void *context, const struct packet *packet, uint16_t linktype)
{
	struct request *request = context;

	if (request->text && linktype != request->linktype && !request->why.text[0]) {
		expr_compile(&request->expression, request->text, linktype, &request->why);
		request->linktype = linktype;
	}
	return !request->why.text[0] && filter_judge(&request->filter, packet, linktype);
}

static int
apply(struct request *request)
{
	struct outfile out = OUTFILE_INIT;
	struct failure why = FAILURE_INIT;
	struct capfile *in = capfile_open(request->in, &why);
	struct capwriter *writer = NULL;
	enum sieve_outcome outcome = SIEVE_FAILED;

	if (in && outfile_open(&out, request->out, &why) == 0 && priv_drop_all(&why) == 0)
		writer = capwriter_new(out.fd, capfile_format(in), &why);
	if (writer)
		outcome = sieve_copy(in, writer, judge, request, &why);
	capwriter_free(writer);
	capfile_close(in);
	if (request->why.text[0]) {
		outfile_abandon(&out);
		die_usage("%s", request->why.text);
	}
	if (outcome == SIEVE_CUT)
		warn("%s", why.text);
	if (outcome != SIEVE_FAILED && outfile_commit(&out, &why) == 0)
		return outcome == SIEVE_CUT ? EXIT_PARTIAL : EXIT_DONE;
	outfile_abandon(&out);
	die("%s", why.text);
}

/* 2^128 has 39 digits. */
static const char *
decimal(unsigned __int128 number, char text[40])
{
	char *s = text + 39;

	*s = '\0';
	do
		*--s = (char)('0' + (int)(number % 10));
	while (number /= 10);
	return s;
}

static int
compile(const struct request *request, struct program *program, struct failure *why)
{
	struct filter_widening widening;
	char added[40];

	if (!request->widen || !request->filter.set)
		return filter_compile(&request->filter, request->linktype, program, why);
	if (filter_compile_widened(&request->filter, request->linktype, program, &widening, why) <
	    0)
		return -1;
	if (widening.added > 0)
		warn("widened by %s addresses to %zu intervals: apply the list itself to what is "
		     "captured (vcap-filter -r)",
		     decimal(widening.added, added), widening.intervals);
	return 0;
}

static int
print(const struct request *request)
{
	struct program program = PROGRAM_INIT;
	struct failure why = FAILURE_INIT;

	if (compile(request, &program, &why) < 0)
		die("%s", why.text);
	if (request->form == PROGRAM_COMMA && request->linktype == LINKTYPE_RAW &&
	    program.count > XT_BPF_MAX)
		die("the program has %zu instructions, iptables' bpf match takes %d", program.count,
		    XT_BPF_MAX);
	program_print(&program, request->form, stdout);
	program_release(&program);
	return EXIT_DONE;
}

int
main(int argc, char **argv)
{
	struct request request = {.linktype = LINKTYPE_EN10MB};
	int status;

	cli_start(&self);
	parse_options(&request, argc, argv);
	choose_kind(&request);
	/* What apply() writes is checked when it is committed, which closes it. */
	status = request.in ? apply(&request) : cli_finish(print(&request));
	addrset_release(&request.set);
	expr_release(&request.expression);
	service_release(&request.service);
	return status;
}
