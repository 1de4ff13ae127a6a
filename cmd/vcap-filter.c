/*
 * vcap-filter: addresses and a service to a classic BPF program, or, with -r and -w, applied to a
 * capture file.
 */
#include "addrset.h"
#include "capfile.h"
#include "cli.h"
#include "config.h"
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
    .synopsis = "[-S service] [-m mode] [-P] [-x] [-y linktype] [-d | -dd | -ddd | --comma] "
		"[-r in -w out] [--specs file] [spec ...]",
    .options =
	"  -S, --service service    packets of this service\n"
	"  -m, --monitors mode      health checks: none, include or only (none)\n"
	"  -P, --per-packet         either address of a packet in the set\n"
	"  -x, --exclude            what would be dropped without this option\n"
	"  -y, --linktype linktype  EN10MB, RAW, LINUX_SLL or LINUX_SLL2 (EN10MB)\n"
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
	bool per_packet, has_specs;
	const char *in, *out;
};

enum { OPTION_COMMA = 1, OPTION_SPECS };

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
						{"linktype", required_argument, NULL, 'y'},
						{"dump", no_argument, NULL, 'd'},
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

	while ((opt = getopt_long(argc, argv, ":S:m:Pxy:dr:w:", options, NULL)) != -1) {
		switch (opt) {
		case 'S':
			service_release(&request->service);
			rc = config_service_load(&request->service, optarg, getenv, &why);
			request->filter.service = &request->service;
			break;
		case 'm': rc = service_parse_mode(optarg, &request->filter.monitors, &why); break;
		case 'P': request->per_packet = true; break;
		case 'x': request->filter.exclude = true; break;
		case 'y': parse_linktype(request, optarg); break;
		case 'd': dump++; break;
		case OPTION_COMMA: comma = true; break;
		case 'r': request->in = optarg; break;
		case 'w': request->out = optarg; break;
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
	const char *name = request->service.name;

	addrset_seal(&request->set);
	if (request->has_specs && addrset_is_empty(&request->set))
		die_usage("the list of addresses is empty");
	if (request->has_specs)
		filter->set = &request->set;
	else if (filter->exclude)
		die_usage("-x needs addresses");
	else if (!filter->service)
		die_usage("needs addresses or a service (try --help)");
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

static bool
judge(void *context, const struct packet *packet, uint16_t linktype)
{
	return filter_judge(context, packet, linktype);
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
		outcome = sieve_copy(in, writer, judge, &request->filter, &why);
	capwriter_free(writer);
	capfile_close(in);
	if (outcome == SIEVE_CUT)
		warn("'%s': %s", request->in, why.text);
	if (outcome != SIEVE_FAILED && outfile_commit(&out, &why) == 0)
		return outcome == SIEVE_CUT ? EXIT_PARTIAL : EXIT_DONE;
	outfile_abandon(&out);
	die("%s", why.text);
}

static int
print(const struct request *request)
{
	struct program program = PROGRAM_INIT;
	struct failure why = FAILURE_INIT;

	if (filter_compile(&request->filter, request->linktype, &program, &why) < 0)
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
	status = request.in ? apply(&request) : print(&request);
	addrset_release(&request.set);
	service_release(&request.service);
	return cli_finish(status);
}
