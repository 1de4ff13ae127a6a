/*
 * Servers are grouped into services by name: the name of an http server is the first of its
 * server_names that is a host name, that of a stream server the upstream that it passes to, and of
 * others the context and port. Servers of the same name and context share a draft.
 *
 * There are two passes over a context, the second for health checks: whether the port of a check is
 * used by checks only is known once all servers of the service are.
 */
#include "import/nginx.h"

#include "base/array.h"
#include "base/parse.h"
#include "import/nginx_listen.h"
#include "import/nginx_pass.h"
#include "import/nginx_tree.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A service, identified by context and name. */
struct nginx_service {
	char *key;
	struct draft *draft;
};

struct nginx_importer {
	struct drafts *drafts;
	const struct nginx_backends *backends; /* NULL: none were given */
	const struct nginx_node *root;
	struct nginx_listens listens;
	struct nginx_service *services;
	size_t service_count;
};

/* The default port of a listen directive; 0: it must have one. */
static unsigned
default_port(const struct nginx_server *server)
{
	return server->is_stream ? 0 : 80;
}

static void
add_vip(struct draft *draft, const struct nginx_node *listen, struct draft_endpoint *endpoint)
{
	const char *v6only = nginx_node_value(listen, "ipv6only");

	if (!endpoint->host && endpoint->family == 6 && v6only && strcmp(v6only, "off") == 0)
		endpoint->family = 0;
	draft_add_vip(draft, listen->at, endpoint);
}

static void
add_listen(struct nginx_server *server, const struct nginx_node *listen)
{
	const bool is_quic = nginx_node_has(listen, "quic");
	const bool is_udp = is_quic || nginx_node_has(listen, "udp");
	struct draft_endpoint endpoint = {.ports.protocol = is_udp ? "udp" : "tcp"};
	char text[256];

	snprintf(text, sizeof(text), "%s", nginx_node_word(listen, 1));
	if (strncmp(text, "unix:", 5) == 0) {
		/* One that another block hands on to is no way in from outside. */
		if (!nginx_listen_is_inner(server->root, text))
			draft_warn(server->draft, listen->at, "not an IP address: '%s'", text);
		return;
	}
	if (nginx_listen_parse(text, default_port(server), &endpoint) < 0) {
		draft_warn(server->draft, listen->at, "not an address: '%s'",
			   nginx_node_word(listen, 1));
		return;
	}
	/* QUIC requests are proxied over TCP. */
	server->has_tcp |= !is_udp || is_quic;
	server->has_udp |= is_udp && !is_quic;
	add_vip(server->draft, listen, &endpoint);
}

/* Adds the addresses that the server listens at. */
static void
add_listens(struct nginx_server *server)
{
	for (const struct nginx_node *node = server->node->first; node; node = node->next)
		if (nginx_node_is(node, "listen"))
			add_listen(server, node);
	if (nginx_node_child(server->node, "listen") || server->is_stream)
		return;
	server->has_tcp = true;
	draft_add_vip(server->draft, server->node->at,
		      &(struct draft_endpoint){NULL, 4, {"tcp", 80, 80}, NULL});
}

/* Whether the connections of a block's checks are encrypted, have a PROXY header or are not HTTP,
 * so that neither a request nor its absence is visible. */
static bool
hides_checks(const struct nginx_server *server, const struct nginx_node *block)
{
	const struct nginx_node *pass = nginx_node_child(block, "proxy_pass");
	const struct nginx_node *tls = nginx_node_inherited(block, "proxy_ssl");
	const struct nginx_node *proxy = nginx_node_inherited(block, "proxy_protocol");

	if (server->is_stream)
		return (tls && strcmp(nginx_node_word(tls, 1), "on") == 0) ||
		       (proxy && strcmp(nginx_node_word(proxy, 1), "on") == 0);
	return !pass || strncasecmp(nginx_node_word(pass, 1), "http://", strlen("http://")) != 0;
}

static void
add_health_check(const struct nginx_server *server, const struct nginx_node *check)
{
	const char *protocol = server->has_tcp ? "tcp" : "udp";
	const char *port = nginx_node_value(check, "port"), *uri = nginx_node_value(check, "uri");
	uint64_t number = 0;

	if (port && parse_number(port, UINT16_MAX, &number, NULL) == 0 &&
	    !draft_endpoints_have_port(&server->draft->servers, protocol, (unsigned)number))
		draft_add_monitor(server->draft, "%s/%u", protocol, (unsigned)number);
	else if (hides_checks(server, check->parent) ||
		 (server->is_stream &&
		  (nginx_node_value(check, "match") || !server->has_tcp || server->has_udp)))
		draft_warn_of_checks(server->draft, check->at,
				     "checks cannot be told from client connections");
	else if (server->is_stream)
		draft_add_monitor(server->draft, "empty");
	else
		draft_add_http_monitor(server->draft, check->at, uri ? uri : "/");
}

static void
add_health_checks(const struct nginx_server *server)
{
	for (const struct nginx_node *node = nginx_tree_next(server->node, server->node); node;
	     node = nginx_tree_next(node, server->node))
		if (nginx_node_is(node, "health_check"))
			add_health_check(server, node);
}

/* The first name of an http server that can be a service's name; NULL: none. */
static const char *
find_name(const struct nginx_node *server)
{
	for (const struct nginx_node *node = server->first; node; node = node->next) {
		for (size_t i = 1; nginx_node_is(node, "server_name") && i < node->count; i++) {
			const char *name = node->words[i];

			name += strncmp(name, "*.", 2) == 0 ? 2 : *name == '.';
			if (isalnum((unsigned char)*name) && !strpbrk(name, "*$"))
				return name;
		}
	}
	return NULL;
}

/* The first port that a server listens at; 0: it has no IP socket. */
static unsigned
find_port(const struct nginx_server *server)
{
	bool listens = false;

	for (const struct nginx_node *node = server->node->first; node; node = node->next) {
		struct draft_endpoint endpoint = {0};
		char text[256];

		if (!nginx_node_is(node, "listen"))
			continue;
		listens = true;
		snprintf(text, sizeof(text), "%s", nginx_node_word(node, 1));
		if (strncmp(text, "unix:", 5) != 0 &&
		    nginx_listen_parse(text, default_port(server), &endpoint) == 0)
			return endpoint.ports.first;
	}
	return listens ? 0 : 80;
}

static void
make_name(char *to, size_t size, const struct nginx_server *server)
{
	const struct nginx_node *pass = nginx_node_child(server->node, "proxy_pass");
	const struct nginx_node *upstream =
	    pass ? nginx_pass_upstream(server, nginx_node_word(pass, 1)) : NULL;
	const char *name = find_name(server->node);

	if (server->is_stream && upstream && !nginx_pass_code(upstream))
		name = nginx_node_word(upstream, 1);
	if (name)
		snprintf(to, size, "%s", name);
	else
		snprintf(to, size, "%s-%u", nginx_node_word(server->context, 0), find_port(server));
}

/* The service of this name and context, added if there is none. NULL: out of memory. */
static struct draft *
find_service(struct nginx_importer *importer, const char *context, const char *name)
{
	char *key = NULL;

	if (array_grow(&importer->services, importer->service_count, sizeof(*importer->services)) <
		0 ||
	    asprintf(&key, "%s %s", context, name) < 0) {
		importer->drafts->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < importer->service_count; i++) {
		if (strcmp(importer->services[i].key, key) == 0) {
			free(key);
			return importer->services[i].draft;
		}
	}
	importer->services[importer->service_count] =
	    (struct nginx_service){key, drafts_add(importer->drafts, name)};
	return importer->services[importer->service_count++].draft;
}

/* Whether the address that nginx takes for a client's is what a header or another proxy says, for some
 * clients that are not of this host. */
static bool
is_told_client(const struct nginx_node *block)
{
	while (block && !nginx_node_child(block, "set_real_ip_from"))
		block = block->parent;
	for (const struct nginx_node *node = block ? block->first : NULL; node; node = node->next) {
		char host[64];

		snprintf(host, sizeof(host), "%.*s", (int)strcspn(nginx_node_word(node, 1), "/"),
			 nginx_node_word(node, 1));
		if (nginx_node_is(node, "set_real_ip_from") && strncmp(host, "unix:", 5) != 0 &&
		    !draft_endpoint_is_loopback(host))
			return true;
	}
	return false;
}

/* The passes. */
enum stage { STAGE_SERVERS, STAGE_CHECKS };

static void
import_server(struct nginx_importer *importer, const struct nginx_node *context,
	      const struct nginx_node *node, enum stage stage)
{
	const char *context_name = nginx_node_word(context, 0);
	unsigned steps = 0;
	struct nginx_server server = {
	    .root = importer->root,
	    .listens = &importer->listens,
	    .context = context,
	    .node = node,
	    .backends = importer->backends,
	    .is_stream = nginx_node_is(context, "stream"),
	    .knows_client = !is_told_client(node),
	    .steps = &steps,
	};
	char name[256];

	make_name(name, sizeof(name), &server);
	server.draft = find_service(importer, context_name, name);
	if (!server.draft)
		return;
	draft_add_comment(server.draft, "%s server of %s:%u", context_name, node->at.file,
			  node->at.line);
	if (!server.knows_client)
		draft_add_comment(server.draft, "clients are who another proxy says "
						"(set_real_ip_from): no header tells them");
	add_listens(&server);
	if (stage == STAGE_SERVERS)
		nginx_pass_add(&server);
	else
		add_health_checks(&server);
}

static void
import_servers(struct nginx_importer *importer, const struct nginx_node *context, enum stage stage)
{
	for (const struct nginx_node *node = context->first; node; node = node->next)
		if (nginx_node_is(node, "server"))
			import_server(importer, context, node, stage);
}

static void
import_contexts(struct nginx_importer *importer)
{
	for (const struct nginx_node *context = importer->root->first; context;
	     context = context->next) {
		if (nginx_node_is(context, "mail"))
			drafts_warn(importer->drafts, context->at,
				    "'mail' servers are not imported");
		if (!nginx_node_is(context, "http") && !nginx_node_is(context, "stream"))
			continue;
		import_servers(importer, context, STAGE_SERVERS);
		import_servers(importer, context, STAGE_CHECKS);
	}
}

int
nginx_import(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	struct nginx_tree tree;
	struct nginx_backends backends = NGINX_BACKENDS_INIT;
	struct nginx_importer importer = {.drafts = drafts, .root = &tree.root};
	int rc = nginx_tree_parse(&tree, text, file, why);

	for (size_t i = 0; rc == 0 && i < tree.warnings.count; i++)
		strvec_push(&drafts->warnings, tree.warnings.list[i]);
	if (rc == 0 && drafts->backends) {
		rc = nginx_backends_read(&backends, drafts, why);
		importer.backends = &backends;
	}
	if (rc == 0 && nginx_listens_find(&importer.listens, &tree.root) < 0)
		rc = failure_nomem(why);
	if (rc == 0)
		import_contexts(&importer);
	for (size_t i = 0; i < importer.service_count; i++)
		free(importer.services[i].key);
	free(importer.services);
	nginx_listens_release(&importer.listens);
	nginx_backends_release(&backends);
	nginx_tree_release(&tree);
	return rc;
}
