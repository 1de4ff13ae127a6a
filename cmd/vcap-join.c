/*
 * vcap-join: keeps whole transactions of a capture, both sides of the proxy.
 */
#include "base/clock.h"
#include "base/fileio.h"
#include "base/parse.h"
#include "cli.h"
#include "controller/config.h"
#include "filter/specs.h"
#include "join/join_cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-join",
    .synopsis = "[-S service] [-t table] ... [-m mode] [-P] [-x] [-f program] [--bytecode text] "
		"[--header name] [--undecided drop|keep] [--live] [--memory size] [--hold time] "
		"[--specs file] "
		"[-r in] [-w out] [spec ...]",
    .options =
	"  -S, --service service    transactions of this service\n"
	"  -t, --table table        pairs that vcap-flows printed; may be repeated\n"
	"  -m, --monitors mode      health checks: none, include or only (none)\n"
	"  -P, --per-packet         either address of a packet in the set\n"
	"  -x, --exclude            what would be dropped without this option\n"
	"  -f, --filter program     of what is kept, what this program accepts\n"
	"      --bytecode text      the same, with the program as one word\n"
	"      --header name        the header with the client's address (X-Forwarded-For and\n"
	"                           Forwarded)\n"
	"      --undecided what     drop or keep what cannot be told (drop; without spec keep)\n"
	"      --live               judge a file as a stream, too\n"
	"      --memory size        what a stream may hold (64M)\n"
	"      --hold time          how long (3s)\n"
	"      --specs file         more addresses, one or more a line\n"
	"  -r, --read in            the capture (-)\n"
	"  -w, --write out          and what belongs to it (-)\n"
	"      --help               show this help\n"
	"      --version            show the version\n",
};

enum { BYTECODE = 256, HEADER, UNDECIDED, LIVE, MEMORY, HOLD, SPECS };

#define MEMORY_LEAST   (UINT64_C(1) << 20)
#define MEMORY_MOST    (UINT64_C(1) << 40)
#define MEMORY_OF_FILE (UINT64_C(512) << 20)

struct request {
	struct join_config config;
	struct service service;
	struct addrset set;
	struct bpf program;
	const char *in, *out, *specs, *undecided;
	char **tables;
	size_t table_count;
	uint64_t memory;
	bool is_live, has_specs;
};

static void
load_program(struct bpf *program, const char *path)
{
	struct failure why = FAILURE_INIT;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	size_t size;

	if (fd < 0)
		die("cannot read '%s': %s", path, strerror(errno));
	if (fileio_slurp(fd, 1 << 20, path, &text, &size, &why) < 0 ||
	    bpf_parse(program, text, &why) < 0)
		die("%s", why.text);
	free(text);
	close(fd);
}

static void
take_option(struct request *request, int opt, char **argv)
{
	struct join_config *config = &request->config;
	struct failure why = FAILURE_INIT;
	int rc = 0;

	switch (opt) {
	case 'S':
		service_release(&request->service);
		config->service = &request->service;
		rc = config_service_load(&request->service, optarg, getenv, &why);
		break;
	case 't':
		request->tables = xrealloc(request->tables,
					   (request->table_count + 1) * sizeof(*request->tables));
		request->tables[request->table_count++] = optarg;
		break;
	case 'm': rc = service_parse_mode(optarg, &config->monitors, &why); break;
	case 'P': config->per_packet = true; break;
	case 'x': config->exclude = true; break;
	case 'f':
		load_program(&request->program, optarg);
		config->program = &request->program;
		break;
	case BYTECODE:
		rc = bpf_parse(&request->program, optarg, &why);
		config->program = &request->program;
		break;
	case 'r': request->in = optarg; break;
	case 'w': request->out = optarg; break;
	case HEADER: config->header = optarg; break;
	case UNDECIDED: request->undecided = optarg; break;
	case LIVE: request->is_live = true; break;
	case MEMORY: rc = parse_size(optarg, &request->memory, &why); break;
	case HOLD: rc = parse_duration(optarg, NS_PER_SECOND, &config->hold_ns, &why); break;
	case SPECS: request->specs = optarg; break;
	default: cli_option(opt, argv);
	}
	if (rc < 0)
		die_usage("%s", why.text);
}

static void
parse_options(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {{"service", required_argument, NULL, 'S'},
						{"table", required_argument, NULL, 't'},
						{"monitors", required_argument, NULL, 'm'},
						{"per-packet", no_argument, NULL, 'P'},
						{"exclude", no_argument, NULL, 'x'},
						{"filter", required_argument, NULL, 'f'},
						{"read", required_argument, NULL, 'r'},
						{"write", required_argument, NULL, 'w'},
						{"bytecode", required_argument, NULL, BYTECODE},
						{"header", required_argument, NULL, HEADER},
						{"undecided", required_argument, NULL, UNDECIDED},
						{"live", no_argument, NULL, LIVE},
						{"memory", required_argument, NULL, MEMORY},
						{"hold", required_argument, NULL, HOLD},
						{"specs", required_argument, NULL, SPECS},
						CLI_OPTIONS};
	int opt;

	while ((opt = getopt_long(argc, argv, ":S:t:m:Pxf:r:w:", options, NULL)) != -1)
		take_option(request, opt, argv);
	if (strcmp(request->out, "-") == 0 && isatty(STDOUT_FILENO))
		die_usage("standard output is a terminal: use -w or a pipe");
	if (request->undecided && strcmp(request->undecided, "drop") != 0 &&
	    strcmp(request->undecided, "keep") != 0)
		die_usage("neither drop nor keep: '%s'", request->undecided);
	if (request->memory < MEMORY_LEAST || request->memory > MEMORY_MOST)
		die_usage("--memory takes 1M to 1T");
}

/* Adds the addresses, and completes what the options leave open. */
static void
decide(struct request *request, char *const *words)
{
	struct join_config *config = &request->config;
	struct failure why = FAILURE_INIT;

	if (specs_add(&request->set, request->specs, words, strcmp(request->in, "-") == 0,
		      &request->has_specs, &why) < 0)
		die_usage("%s", why.text);
	addrset_seal(&request->set);
	if (request->has_specs && addrset_is_empty(&request->set))
		die_usage("the list of addresses is empty");
	if (request->has_specs)
		config->set = &request->set;
	if (!config->service && !config->set)
		die_usage("needs a service or addresses (try --help)");
	if (config->exclude && !config->set && !config->program)
		die_usage("-x needs addresses or a program");
	config->keeps_undecided =
	    request->undecided ? strcmp(request->undecided, "keep") == 0 : !config->set;
	config->memory = request->is_live ? request->memory : MEMORY_OF_FILE;
}

/* Says what was found, and how sure it is. */
static void
tell(const struct join_cmd *job, const struct pairfile *tables)
{
	const struct join_counts *counts = &job->counts;
	char *summary = join_counts_format(counts, job->expired);

	if (tables->bad_lines)
		warn("%llu lines of tables are no pairs; %s", (unsigned long long)tables->bad_lines,
		     tables->bad_why.text);
	if (counts->useless_pairs)
		warn("%llu pairs do not name a server and its port: they join nothing",
		     (unsigned long long)counts->useless_pairs);
	if (counts->by_address)
		warn("some connections were joined by the address alone: no port was known");
	if (counts->vip_unknown)
		warn("what names the client does not name the service: connections of others to "
		     "the same servers are kept too");
	if (summary)
		warn("%s", summary);
	free(summary);
}

int
main(int argc, char **argv)
{
	struct request request = {.in = "-",
				  .out = "-",
				  .memory = UINT64_C(64) << 20,
				  .config = {.hold_ns = 3 * NS_PER_SECOND}};
	struct failure why = FAILURE_INIT;
	enum copy_outcome outcome;
	struct join_cmd job;

	cli_start(&self);
	parse_options(&request, argc, argv);
	decide(&request, argv + optind);
	if (join_cmd_open(&job, request.in, request.out, request.tables, request.table_count,
			  request.is_live ? JOIN_LIVE : JOIN_TWICE, &why) < 0)
		die("%s", why.text);
	if (join_cmd_is_live(&job))
		request.config.memory = request.memory;
	cli_remove_at_signal(job.out.temporary);
	outcome = join_cmd_run(&job, &request.config, &why);
	cli_remove_at_signal(NULL);
	if (outcome == COPY_FAILED)
		die("%s", why.text);
	tell(&job, &job.tables);
	if (outcome == COPY_CUT)
		warn("%s", why.text);
	return outcome == COPY_CUT ? EXIT_PARTIAL : EXIT_DONE;
}
