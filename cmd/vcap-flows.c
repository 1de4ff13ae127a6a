/*
 * vcap-flows: prints the client connection that belongs to each connection to a server.
 */
#include "base/parse.h"
#include "base/strvec.h"
#include "cli.h"
#include "controller/config.h"
#include "flows/linematch.h"
#include "flows/pairout.h"
#include "flows/pairsource_open.h"
#include "join/servicepair.h"

#include <stdlib.h>

static const struct command self = {
    .name = "vcap-flows",
    .says = "Prints which client each connection to a server carries.",
    .examples = "vcap-flows --conntrack\nvcap-flows --haproxy /run/haproxy/admin.sock\n",
    .synopsis = "[-S service] [--keep reserve] --conntrack | --log file\n"
		"[-S service] [--keep reserve] [--ring name] --haproxy socket\n"
		"--match regex ... [--ring name] --haproxy socket | --log file",
    .options = "  -S, --service service    only pairs of this service's VIPs or servers\n"
	       "      --conntrack          from the kernel's connection tracking\n"
	       "      --haproxy socket     from a log ring of HAProxy, by its stats socket\n"
	       "      --ring name          of the ring (vcap)\n"
	       "      --log file           from a log file of HAProxy, as it grows (- is stdin)\n"
	       "      --keep reserve       also to descriptor 3, while so much disk is free\n"
	       "      --match regex        no pairs: how many new lines a pattern matches\n",
};

enum { CONNTRACK = 256, HAPROXY, RING, LOG, KEEP, MATCH };

struct request {
	struct service service;
	bool has_service, has_source;
	struct pairsource_spec spec;
	const char *ring, *keep;
	struct strvec patterns;
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
						{"match", required_argument, NULL, MATCH},
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
		case MATCH: strvec_push(&request->patterns, optarg); break;
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
	if (request->patterns.count &&
	    (request->has_service || request->keep || !request->spec.path))
		die_usage("'--match' goes with a log alone");
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

static int
print_pairs(struct request *request, struct failure *why)
{
	struct pairsource *source;
	int rc = 1;

	if (request->keep && pairout_keep(&request->out, request->keep, why) < 0)
		die_usage("%s", why->text);
	source = pairsource_open(&request->spec, request->ring, print, request, why);
	if (!source)
		return -1;
	while (rc > 0)
		rc = pairout_pass(&request->out, source, warn, why);
	return rc;
}

static int
count_matches(struct request *request, struct failure *why)
{
	struct linematch match;
	struct pairsource *source;

	if (linematch_start(&match, request->patterns.list, request->patterns.count, why) < 0)
		die_usage("%s", why->text);
	source = pairsource_open_new(&request->spec, request->ring, &match, why);
	if (!source)
		return -1;
	return linematch_serve(&match, source, warn, why);
}

int
main(int argc, char **argv)
{
	struct request request = {.service = SERVICE_INIT, .out = PAIROUT_INIT};
	struct failure why = FAILURE_INIT;

	cli_start(&self);
	parse_options(&request, argc, argv);
	if ((request.patterns.count ? count_matches : print_pairs)(&request, &why) < 0)
		die("%s", why.text);
	service_release(&request.service);
	return cli_finish(EXIT_DONE);
}
