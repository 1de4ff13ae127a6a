/*
 * vcap-flows: prints the client connection that belongs to each connection to a server.
 */
#include "base/parse.h"
#include "cli.h"
#include "controller/config.h"
#include "flows/pairsource_open.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-flows",
    .says = "Prints which client each connection to a server carries.",
    .examples = "vcap-flows --conntrack\nvcap-flows --haproxy /run/haproxy/admin.sock\n",
    .synopsis = "[-S service] --conntrack\n"
		"[-S service] [--ring name] --haproxy socket\n"
		"[-S service] --log file",
    .options = "  -S, --service service    only pairs of this service's VIPs or servers\n"
	       "      --conntrack          from the kernel's connection tracking\n"
	       "      --haproxy socket     from a log ring of HAProxy, by its stats socket\n"
	       "      --ring name          of the ring (vcap)\n"
	       "      --log file           from a log file of HAProxy, as it grows (- is stdin)\n",
};

enum { CONNTRACK = 256, HAPROXY, RING, LOG };

struct request {
	struct service service;
	bool has_service, has_source;
	struct pairsource_spec spec;
	const char *ring;
};

static void
set_source(struct request *request, enum pairsource_spec_kind kind, const char *path)
{
	if (request->has_source)
		die_usage("--conntrack, --haproxy and --log exclude each other");
	request->has_source = true;
	request->spec = (struct pairsource_spec){.kind = kind, .path = path};
}

static void
parse_options(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {{"service", required_argument, NULL, 'S'},
						{"conntrack", no_argument, NULL, CONNTRACK},
						{"haproxy", required_argument, NULL, HAPROXY},
						{"ring", required_argument, NULL, RING},
						{"log", required_argument, NULL, LOG},
						CLI_OPTIONS};
	struct failure why;
	int opt;

	while ((opt = getopt_long(argc, argv, ":S:", options, NULL)) != -1) {
		switch (opt) {
		case 'S':
			service_release(&request->service);
			if (config_service_load(&request->service, optarg, getenv, &why) < 0)
				die_usage("%s", why.text);
			request->has_service = true;
			break;
		case CONNTRACK: set_source(request, PAIRSOURCE_SPEC_CONNTRACK, NULL); break;
		case HAPROXY: set_source(request, PAIRSOURCE_SPEC_HAPROXY, optarg); break;
		case LOG: set_source(request, PAIRSOURCE_SPEC_LOG, optarg); break;
		case RING:
			/* It becomes part of a command. */
			if (!parse_is_name(optarg))
				die_usage("not a name: '%s'", optarg);
			request->ring = optarg;
			break;
		default: cli_option(opt, argv);
		}
	}
	if (optind < argc)
		die_usage("unexpected argument '%s'", argv[optind]);
	if (!request->has_source)
		die_usage("needs --conntrack, --haproxy or --log (try --help)");
	if (request->ring && request->spec.kind != PAIRSOURCE_SPEC_HAPROXY)
		die_usage("'--ring' goes with '--haproxy'");
}

static bool
group_has(const struct endpoint_group *groups, size_t count, const struct connpair_end *end,
	  uint8_t protocol)
{
	for (size_t i = 0; i < count; i++)
		if (end->has_addr &&
		    endpoint_group_has(&groups[i], end->addr, TUPLE_KEY(protocol, end->port)))
			return true;
	return false;
}

/* Pairs of other services on the same servers are printed as well: from them vcap-join knows that a
 * connection does not belong to this service. */
static void
print(void *context, const struct connpair *pair)
{
	const struct request *request = context;
	const struct service *service = &request->service;

	if (!request->has_service ||
	    group_has(service->vip_groups, service->vip_group_count, &pair->vip, pair->protocol) ||
	    group_has(service->server_groups, service->server_group_count, &pair->server,
		      pair->protocol))
		connpair_print(pair, stdout);
}

/* Prints the note, if there is one, and where existing connections end. */
static void
print_news(struct pairsource *source, bool *was_current)
{
	if (*source->note.text)
		warn("%s", source->note.text);
	source->note = FAILURE_INIT;
	if (source->is_current && !*was_current)
		puts("# those above existed before; from here on as they happen");
	*was_current = source->is_current;
	if (fflush(stdout) == EOF)
		die("cannot write to standard output: %s", strerror(errno));
}

int
main(int argc, char **argv)
{
	struct request request = {.service = SERVICE_INIT};
	bool is_current = false;
	struct pairsource *source;
	struct failure why;
	int rc;

	cli_start(&self);
	parse_options(&request, argc, argv);
	source = pairsource_open(&request.spec, request.ring, print, &request, &why);
	if (!source)
		die("%s", why.text);
	while ((rc = pairsource_wait(source, STDOUT_FILENO, &why)) > 0 &&
	       (rc = source->read(source, &why)) > 0)
		print_news(source, &is_current);
	print_news(source, &is_current);
	if (rc < 0)
		die("%s", why.text);
	source->close(source);
	service_release(&request.service);
	return cli_finish(EXIT_DONE);
}
