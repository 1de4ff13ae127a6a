/*
 * vcap-flows: prints the client connection that belongs to each connection to a server.
 */
#include "base/parse.h"
#include "cli.h"
#include "controller/config.h"
#include "flows/pairout.h"
#include "flows/pairsource_open.h"
#include "join/servicepair.h"

#include <stdlib.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-flows",
    .says = "Prints which client each connection to a server carries.",
    .examples = "vcap-flows --conntrack\nvcap-flows --haproxy /run/haproxy/admin.sock\n",
    .synopsis = "[-S service] [--keep reserve] --conntrack\n"
		"[-S service] [--keep reserve] [--ring name] --haproxy socket\n"
		"[-S service] [--keep reserve] --log file",
    .options = "  -S, --service service    only pairs of this service's VIPs or servers\n"
	       "      --conntrack          from the kernel's connection tracking\n"
	       "      --haproxy socket     from a log ring of HAProxy, by its stats socket\n"
	       "      --ring name          of the ring (vcap)\n"
	       "      --log file           from a log file of HAProxy, as it grows (- is stdin)\n"
	       "      --keep reserve       also to descriptor 3, while so much disk is free\n",
};

enum { CONNTRACK = 256, HAPROXY, RING, LOG, KEEP };

struct request {
	struct service service;
	bool has_service, has_source;
	struct pairsource_spec spec;
	const char *ring, *keep;
	struct pairout out;
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
						{"keep", required_argument, NULL, KEEP},
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
		case KEEP: request->keep = optarg; break;
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

static void
print(void *context, const struct connpair *pair)
{
	struct request *request = context;

	if (!request->has_service || servicepair_concerns(&request->service, pair))
		pairout_pair(&request->out, pair);
}

/* Prints the note, if there is one, and where existing connections end. Returns as pairout_flush. */
static int
print_news(struct pairout *out, struct pairsource *source, bool *was_current, struct failure *why)
{
	if (*source->note.text)
		warn("%s", source->note.text);
	source->note = FAILURE_INIT;
	if (source->is_current && !*was_current)
		pairout_comment(out, "those above existed before; from here on as they happen");
	*was_current = source->is_current;
	return pairout_flush(out, why);
}

/* Waits, reads and prints, once. 1; 0: there is no more to do; -1: it failed. */
static int
pass(struct pairout *out, struct pairsource *source, bool *was_current, struct failure *why)
{
	int rc = pairsource_wait(source, out->printed ? STDOUT_FILENO : -1, why), printed;

	if (rc == 0)
		return pairout_leave(out);
	if (rc > 0)
		rc = source->read(source, why);
	printed = print_news(out, source, was_current, why);
	return rc > 0 || printed < 0 ? printed : rc;
}

int
main(int argc, char **argv)
{
	struct request request = {.service = SERVICE_INIT, .out = PAIROUT_INIT};
	bool is_current = false;
	struct pairsource *source;
	struct failure why;
	int rc;

	cli_start(&self);
	parse_options(&request, argc, argv);
	if (request.keep && pairout_keep(&request.out, request.keep, &why) < 0)
		die_usage("%s", why.text);
	source = pairsource_open(&request.spec, request.ring, print, &request, &why);
	if (!source)
		die("%s", why.text);
	do
		rc = pass(&request.out, source, &is_current, &why);
	while (rc > 0);
	if (rc < 0)
		die("%s", why.text);
	source->close(source);
	service_release(&request.service);
	return cli_finish(EXIT_DONE);
}
