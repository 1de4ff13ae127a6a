/*
 * vcap-flows: which client each connection to a server carries, from whoever knows.
 */
#include "base/parse.h"
#include "base/priv.h"
#include "cli.h"
#include "controller/config.h"
#include "flows/conntrack.h"
#include "flows/haproxy_ring.h"
#include "flows/logtail.h"
#include "flows/pairsource.h"
#include "flows/pairsource_spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-flows",
    .synopsis = "[-S service] --conntrack\n"
		"[-S service] [--ring name] --haproxy socket\n"
		"[-S service] --log file",
    .options =
	"  -S, --service service    only pairs of this service's VIPs or servers\n"
	"      --conntrack          from the kernel's connection tracking\n"
	"      --haproxy socket     from a log ring of HAProxy, by its stats socket\n"
	"      --ring name          of the ring (vcap)\n"
	"      --log file           from a log file of HAProxy, as it grows; - is standard input\n"
	"      --help               show this help\n"
	"      --version            show the version\n",
};

enum { CONNTRACK = 256, HAPROXY, RING, LOG };

struct request {
	struct service service;
	bool has_service, has_source;
	struct pairsource_spec source;
	const char *ring;
};

static void
take_source(struct request *request, enum pairsource_spec_kind kind, const char *path)
{
	if (request->has_source)
		die_usage("one of --conntrack, --haproxy and --log is enough");
	request->has_source = true;
	request->source = (struct pairsource_spec){.kind = kind, .path = path};
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
		case CONNTRACK: take_source(request, PAIRSOURCE_SPEC_CONNTRACK, NULL); break;
		case HAPROXY: take_source(request, PAIRSOURCE_SPEC_HAPROXY, optarg); break;
		case LOG: take_source(request, PAIRSOURCE_SPEC_LOG, optarg); break;
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
	if (request->ring && request->source.kind != PAIRSOURCE_SPEC_HAPROXY)
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

/* A pair of another service on the same servers tells that a connection is not this one's. */
static void
print(void *context, const struct connpair *pairing)
{
	const struct request *request = context;
	const struct service *service = &request->service;

	if (!request->has_service ||
	    group_has(service->vip_groups, service->vip_group_count, &pairing->vip,
		      pairing->protocol) ||
	    group_has(service->server_groups, service->server_group_count, &pairing->server,
		      pairing->protocol))
		connpair_print(pairing, stdout);
}

/* Opens the source, and gives up what it does not need before it has said a word. */
static struct pairsource *
open_source(struct request *request)
{
	static const enum priv_power powers[] = {[PAIRSOURCE_SPEC_CONNTRACK] = PRIV_NET_ADMIN,
						 [PAIRSOURCE_SPEC_HAPROXY] = PRIV_SOCKETS,
						 [PAIRSOURCE_SPEC_LOG] = PRIV_FILES};
	const struct pairsource_spec *source = &request->source;
	const bool is_log = source->kind == PAIRSOURCE_SPEC_LOG;
	struct pairsource *feed = NULL;
	struct failure why;

	switch (source->kind) {
	case PAIRSOURCE_SPEC_CONNTRACK:
		if (priv_check_net_admin(&why) == 0)
			feed = conntrack_open(print, request, &why);
		break;
	case PAIRSOURCE_SPEC_HAPROXY:
		feed = haproxy_ring_open(source->path, request->ring ? request->ring : "vcap",
					 print, request, &why);
		break;
	case PAIRSOURCE_SPEC_LOG: feed = logtail_open(source->path, print, request, &why); break;
	}
	if (!feed || priv_drop_others(powers[source->kind], &why) < 0 ||
	    priv_confine_files(PRIV_ENFORCE, -1, is_log ? logtail_directories(feed) : NULL, &why) <
		0 ||
	    priv_confine_calls(PRIV_ENFORCE, is_log ? PRIV_CALLS_STDIO : PRIV_CALLS_SOCKETS, is_log,
			       &why) < 0)
		die("%s", why.text);
	return feed;
}

/* Until something comes, or nobody reads any more: false. */
static bool
wait_for(struct pairsource *feed)
{
	struct pollfd pollers[PAIRSOURCE_FDS + 1];

	memcpy(pollers, feed->fds, sizeof(feed->fds));
	pollers[PAIRSOURCE_FDS] = (struct pollfd){.fd = STDOUT_FILENO};
	if (poll(pollers, PAIRSOURCE_FDS + 1, feed->timeout_ms) < 0 && errno != EINTR)
		die("cannot wait: %s", strerror(errno));
	memcpy(feed->fds, pollers, sizeof(feed->fds));
	return !(pollers[PAIRSOURCE_FDS].revents & (POLLERR | POLLHUP));
}

/* Says what has come up, and prints what has come. */
static void
tell(struct pairsource *feed, bool *was_current)
{
	if (*feed->note.text)
		warn("%s", feed->note.text);
	feed->note = FAILURE_INIT;
	if (feed->is_current && !*was_current)
		puts("# what was there has been told; from here on as it happens");
	*was_current = feed->is_current;
	if (fflush(stdout) == EOF)
		die("cannot write to standard output: %s", strerror(errno));
}

int
main(int argc, char **argv)
{
	struct request request = {.service = SERVICE_INIT};
	bool is_current = false;
	struct pairsource *feed;
	struct failure why;
	int rc = 1;

	cli_start(&self);
	parse_options(&request, argc, argv);
	feed = open_source(&request);
	while (rc > 0 && wait_for(feed)) {
		rc = feed->take(feed, &why);
		tell(feed, &is_current);
	}
	if (rc < 0)
		die("%s", why.text);
	feed->close(feed);
	service_release(&request.service);
	return cli_finish(EXIT_DONE);
}
