/*
 * The argument of proxy_pass is [SCHEME://]AUTHORITY[/...], where AUTHORITY is an upstream, an
 * address or a name. Any part may have variables: each is replaced by all values that it can have
 * where the directive stands (nginx_value.h), and what comes of that is such an argument again; the
 * number of lookups is limited, as variables may refer to each other. Locations are not evaluated:
 * every address that could be passed to is taken.
 *
 * An address at which a server block of the configuration listens is no server, as nothing of it is
 * on a wire: what that block passes on to is. Such a block sees the client only if it is told
 * (the PROXY protocol, or a header, and `set_real_ip_from`).
 */
#include "import/nginx_pass.h"

#include "import/nginx_headers.h"
#include "import/nginx_listen.h"
#include "import/nginx_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX     1000 /* variables and blocks looked up for one server block */
#define AUTHORITY_MAX 256

/* A pass directive. */
struct pass {
	const struct nginx_node *node;
	const char *headers; /* the directive that sets headers; NULL: it is not HTTP */
	const char *bind;    /* the one that sets the source address */
	bool is_tls;
	unsigned port; /* default of the address; 0: it must have one */
	bool is_told;  /* what its servers see of clients, which is the same for all */
};

static void add_target(struct nginx_server *server, struct pass pass, const char *target);

/* Takes a step; false: there were too many, which is said. */
static bool
take_step(struct nginx_server *server, const struct nginx_node *node)
{
	if (++*server->steps < STEPS_MAX)
		return true;
	draft_warn(server->draft, node->at, "too many variables and server blocks");
	return false;
}

static void
warn_of_unknown(struct nginx_server *server, const struct nginx_node *node, const char *what)
{
	draft_warn(server->draft, node->at, "unknown value: '%s'", what);
	draft_add_comment(server->draft, "servers may be missing: unknown value '%s'", what);
}

static bool
is_on(const struct nginx_node *block, const char *name)
{
	const struct nginx_node *node = nginx_node_inherited(block, name);

	return node && strcmp(nginx_node_word(node, 1), "on") == 0;
}

static bool
sends_proxy_protocol(const struct nginx_server *server, const struct nginx_node *block)
{
	return server->is_stream && is_on(block, "proxy_protocol");
}

/* The headers, best first, in which what a directive passes on names the client. */
static void
find_headers(const struct nginx_server *server, const struct pass *pass, struct strvec *headers)
{
	if (pass->headers && !server->is_stream && server->knows_client)
		nginx_headers_find(pass->node->parent, pass->headers, headers);
}

/* Whether a server block learns the client's address from one that hands on to it. */
static bool
learns_client(const struct nginx_server *server, const struct pass *pass,
	      const struct nginx_node *listen)
{
	const struct nginx_node *block = listen->parent;
	const struct nginx_node *header = nginx_node_inherited(block, "real_ip_header");
	const char *name = header ? nginx_node_word(header, 1) : "X-Real-IP";
	struct strvec headers = STRVEC_INIT;
	bool is_written;

	if (!server->knows_client || !nginx_node_inherited(block, "set_real_ip_from"))
		return false;
	if (nginx_node_is(block->parent, "stream") || strcmp(name, "proxy_protocol") == 0)
		return nginx_node_has(listen, "proxy_protocol") &&
		       sends_proxy_protocol(server, pass->node->parent);
	find_headers(server, pass, &headers);
	is_written = strvec_has(&headers, name);
	server->draft->drafts->failed |= headers.failed;
	strvec_release(&headers);
	return is_written;
}

/* Adds the source address that servers see when a block passes to them. */
static void
add_source(struct nginx_server *server, const struct nginx_node *block, const char *bind_name)
{
	const struct nginx_node *bind = nginx_node_inherited(block, bind_name);
	const char *source = bind ? nginx_node_word(bind, 1) : "off";
	char address[64];

	if (strcmp(source, "$remote_addr") == 0 && nginx_node_has(bind, "transparent") &&
	    server->knows_client)
		source = "client";
	snprintf(address, sizeof(address), "%s", source);
	address[strcspn(address, "$")] = '\0'; /* ADDRESS:$remote_port */
	if (address[0] && address[strlen(address) - 1] == ':')
		address[strlen(address) - 1] = '\0';
	draft_add_source(server->draft, address);
}

/* Records the headers of what a block passes on, unless they cannot be read or it is no HTTP. */
static void
add_headers(struct nginx_server *server, const struct pass *pass)
{
	struct strvec headers = STRVEC_INIT;
	const bool is_encrypted =
	    server->is_stream ? is_on(pass->node->parent, "proxy_ssl") : pass->is_tls;

	find_headers(server, pass, &headers);
	if (server->knows_client && sends_proxy_protocol(server, pass->node->parent))
		return;
	if (headers.count == 0 || !pass->headers || (is_encrypted && !server->is_stream))
		server->draft->has_unlinked = true;
	if (pass->headers && server->has_tcp && !is_encrypted)
		draft_add_headers(server->draft, &headers);
	strvec_release(&headers);
}

static bool
is_within(const struct nginx_server *server, const struct nginx_node *node)
{
	while (server && server->node != node)
		server = server->outer;
	return server;
}

/* Adds what the server blocks that listen at an address pass on to; false: there are none. */
static bool
add_inner(struct nginx_server *server, const struct pass *pass, const struct draft_endpoint *to)
{
	const struct nginx_node *listen, *node = NULL;
	size_t place = 0;

	while ((listen = nginx_listens_next(server->listens, &place, to))) {
		struct nginx_server inner = *server;

		node = listen->parent;
		if (is_within(server, node) || !take_step(server, pass->node))
			continue;
		draft_add_comment(server->draft, "through %s server of %s:%u at %s",
				  nginx_node_word(node->parent, 0), node->at.file, node->at.line,
				  nginx_node_word(listen, 1));
		inner.context = node->parent;
		inner.node = node;
		inner.outer = server;
		inner.is_stream = nginx_node_is(node->parent, "stream");
		inner.knows_client = learns_client(server, pass, listen);
		nginx_pass_add(&inner);
	}
	return node;
}

/* Adds a server at an address, for each protocol that the server block listens for. */
static void
add_address(struct nginx_server *server, struct pass *pass, const struct nginx_node *node,
	    const char *address, unsigned fallback, const char *comment)
{
	struct draft_endpoint endpoint = {.comment = comment};
	char text[AUTHORITY_MAX];

	snprintf(text, sizeof(text), "%s", address);
	if (strncmp(text, "unix:", 5) == 0) {
		endpoint.host = text;
		if (!add_inner(server, pass, &endpoint))
			draft_warn(server->draft, node->at, "not an IP address: '%s'", text);
	} else if (nginx_node_value(node, "service")) {
		draft_warn(server->draft, node->at, "DNS SRV records are not resolved: '%s'", text);
	} else if (nginx_listen_parse(text, fallback, &endpoint) < 0 || !endpoint.host) {
		draft_warn(server->draft, node->at, "not an address: '%s'", address);
	} else if (!server->has_tcp || !add_inner(server, pass, &endpoint)) {
		if (!pass->is_told) {
			add_source(server, pass->node->parent, pass->bind);
			add_headers(server, pass);
		}
		pass->is_told = true;
		endpoint.ports.protocol = "tcp";
		if (server->has_tcp)
			draft_add_server(server->draft, node->at, &endpoint);
		endpoint.ports.protocol = "udp";
		if (server->has_udp)
			draft_add_server(server->draft, node->at, &endpoint);
	}
}

const struct nginx_node *
nginx_pass_upstream(const struct nginx_server *server, const char *name)
{
	for (const struct nginx_node *node = server->context->first; node; node = node->next)
		if (nginx_node_is(node, "upstream") &&
		    strcasecmp(nginx_node_word(node, 1), name) == 0)
			return node;
	return NULL;
}

const struct nginx_node *
nginx_pass_code(const struct nginx_node *upstream)
{
	const struct nginx_node *block = nginx_node_child(upstream, "balancer_by_lua_block");

	return block ? block : nginx_node_child(upstream, "balancer_by_lua_file");
}

static void
add_backend(struct nginx_server *server, struct pass *pass, const char *name)
{
	struct strvec endpoints = STRVEC_INIT;

	if (nginx_backends_find(server->backends, name, &endpoints) < 0) {
		draft_warn(server->draft, pass->node->at, "no such backend in '%s': '%s'",
			   server->backends->file, name);
		draft_add_comment(server->draft, "servers may be missing: those of backend '%s'",
				  name);
	}
	for (size_t i = 0; i < endpoints.count; i++)
		add_address(server, pass, pass->node, endpoints.list[i], 0, name);
	server->draft->drafts->failed |= endpoints.failed;
	strvec_release(&endpoints);
}

/* Adds the servers that code chooses, as far as they are known. */
static void
add_chosen(struct nginx_server *server, struct pass *pass, const struct nginx_node *code)
{
	struct strvec names = STRVEC_INIT;
	const char *how = nginx_node_word(code, 0);
	const bool has_names = server->backends && !server->is_stream &&
			       nginx_value_find(pass->node, "$proxy_upstream_name", &names) == 0 &&
			       names.count;

	for (size_t i = 0; has_names && i < names.count; i++)
		add_backend(server, pass, names.list[i]);
	server->draft->drafts->failed |= names.failed;
	strvec_release(&names);
	if (has_names)
		return;
	draft_warn(server->draft, code->at,
		   "servers chosen by code are not known: '%s' (of ingress-nginx: --backends)",
		   how);
	draft_add_comment(server->draft, "servers may be missing: code chooses them ('%s')", how);
}

/* Warns of servers and checks of an upstream that cannot be imported. */
static void
warn_of_upstream(struct draft *draft, const struct nginx_node *upstream)
{
	static const struct {
		const char *name, *format;
	} others[] = {
	    {"state", "servers in a state file are not known: '%s'"},
	    {"check", "checks by '%s' cannot be told from client connections"},
	};

	for (const struct nginx_node *node = upstream->first; node; node = node->next)
		for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
			if (nginx_node_is(node, others[i].name))
				draft_warn(draft, node->at, others[i].format, others[i].name);
	if (nginx_node_child(upstream, "state"))
		draft_add_comment(draft, "servers may be missing: those of upstream '%s'",
				  nginx_node_word(upstream, 1));
	else if (!nginx_node_child(upstream, "server"))
		draft_warn(draft, upstream->at, "upstream has no server: '%s'",
			   nginx_node_word(upstream, 1));
}

static void
add_upstream(struct nginx_server *server, struct pass *pass, const struct nginx_node *upstream)
{
	const struct nginx_node *code = nginx_pass_code(upstream);

	for (const struct nginx_node *node = upstream->first; node; node = node->next) {
		const char *address = nginx_node_word(node, 1);

		/* 0.0.0.0/8 is no host's: it stands where code is to put another. */
		if (nginx_node_is(node, "server") && !(code && strncmp(address, "0.", 2) == 0))
			add_address(server, pass, node, address, server->is_stream ? 0 : 80,
				    nginx_node_word(upstream, 1));
	}
	if (code)
		add_chosen(server, pass, code);
	warn_of_upstream(server->draft, upstream);
}

static void
add_authority(struct nginx_server *server, struct pass *pass, const char *authority)
{
	const struct nginx_node *upstream = nginx_pass_upstream(server, authority);

	if (upstream)
		add_upstream(server, pass, upstream);
	else
		add_address(server, pass, pass->node, authority, pass->port, NULL);
}

/* Appends the values of a variable that follow from where the server block listens: of $server_port,
 * as `80` and `80-90`, and of $scheme. */
static void
find_listened(const struct nginx_server *server, const char *name, struct strvec *values)
{
	for (const struct nginx_node *node = server->node->first; node; node = node->next) {
		const bool is_tls = nginx_node_has(node, "ssl") || nginx_node_has(node, "quic");
		const char *scheme = is_tls ? "https" : "http";
		struct draft_endpoint at = {0};
		char text[AUTHORITY_MAX];

		snprintf(text, sizeof(text), "%s", nginx_node_word(node, 1));
		if (!nginx_node_is(node, "listen"))
			continue;
		if (strcmp(name, "$scheme") != 0 && strncmp(text, "unix:", 5) != 0 &&
		    nginx_listen_parse(text, server->is_stream ? 0 : 80, &at) == 0)
			strvec_pushf(values, at.ports.first < at.ports.last ? "%u-%u" : "%u",
				     at.ports.first, at.ports.last);
		else if (strcmp(name, "$scheme") == 0 && !strvec_has(values, scheme))
			strvec_push(values, scheme);
	}
	/* Without a listen directive it is port 80. */
	if (!nginx_node_child(server->node, "listen"))
		strvec_push(values, strcmp(name, "$scheme") == 0 ? "http" : "80");
}

/* Adds what a target comes to when its first variable, at `at` and up to end, is replaced by each of
 * its values. */
static void
add_replaced(struct nginx_server *server, struct pass pass, const char *target, const char *at,
	     const char *end, const char *name)
{
	struct strvec values = STRVEC_INIT;
	bool is_known = true;

	if (!take_step(server, pass.node))
		return;
	if (strcmp(name, "$server_port") == 0 || strcmp(name, "$scheme") == 0)
		find_listened(server, name, &values);
	else
		is_known = nginx_value_find(pass.node, name, &values) == 0;
	for (size_t i = 0; i < values.count; i++) {
		char *replaced;

		if (asprintf(&replaced, "%.*s%s%s", (int)(at - target), target, values.list[i],
			     end) < 0) {
			server->draft->drafts->failed = true;
			break;
		}
		add_target(server, pass, replaced);
		free(replaced);
	}
	if (!is_known)
		warn_of_unknown(server, pass.node, name);
	server->draft->drafts->failed |= values.failed;
	strvec_release(&values);
}

/* Applies and removes the scheme of a target. */
static const char *
parse_scheme(struct pass *pass, const char *target)
{
	static const struct {
		const char *name;
		unsigned port;
		bool is_tls;
	} schemes[] = {{"http://", 80, false},  {"https://", 443, true}, {"grpc://", 80, false},
		       {"grpcs://", 443, true}, {"suwsgi://", 0, true},  {"uwsgi://", 0, false}};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		if (strncasecmp(target, schemes[i].name, strlen(schemes[i].name)) == 0) {
			pass->port = schemes[i].port;
			pass->is_tls = schemes[i].is_tls;
			return target + strlen(schemes[i].name);
		}
	}
	return target;
}

/* Reduces a target, whose scheme has been removed, to its authority, in place. */
static void
cut_authority(char *text)
{
	char *uri;

	if (strncmp(text, "unix:", 5) != 0)
		text[strcspn(text, "/?")] = '\0';
	/* The values of these variables begin with a slash. */
	uri = strstr(text, "$request_uri");
	if (!uri)
		uri = strstr(text, "$uri");
	if (uri && uri > text)
		*uri = '\0';
}

static void
add_target(struct nginx_server *server, struct pass pass, const char *target)
{
	const char *at, *end, *slashes = strstr(target, "://");
	char authority[AUTHORITY_MAX], name[64];

	/* $scheme://... */
	at = nginx_value_first(target, name, sizeof(name), &end);
	if (at && slashes && at < slashes) {
		add_replaced(server, pass, target, at, end, name);
		return;
	}
	target = parse_scheme(&pass, target);
	if (snprintf(authority, sizeof(authority), "%s", target) >= AUTHORITY_MAX) {
		warn_of_unknown(server, pass.node, nginx_node_word(pass.node, 1));
		return;
	}
	cut_authority(authority);
	at = nginx_value_first(authority, name, sizeof(name), &end);
	if (at) {
		add_replaced(server, pass, authority, at, end, name);
	} else if (strchr(authority, '$')) {
		warn_of_unknown(server, pass.node, authority);
	} else {
		add_authority(server, &pass, authority);
	}
}

void
nginx_pass_add(struct nginx_server *server)
{
	static const struct {
		const char *name, *bind, *headers;
	} passes[] = {
	    {"proxy_pass", "proxy_bind", "proxy_set_header"},
	    {"fastcgi_pass", "fastcgi_bind", NULL},
	    {"uwsgi_pass", "uwsgi_bind", NULL},
	    {"scgi_pass", "scgi_bind", NULL},
	    {"grpc_pass", "grpc_bind", "grpc_set_header"},
	    {"memcached_pass", "memcached_bind", NULL},
	};

	for (const struct nginx_node *node = nginx_tree_next(server->node, server->node); node;
	     node = nginx_tree_next(node, server->node)) {
		for (size_t i = 0; i < sizeof(passes) / sizeof(*passes); i++) {
			const struct pass pass = {
			    .node = node, .headers = passes[i].headers, .bind = passes[i].bind};

			if (!nginx_node_is(node, passes[i].name) || node->count < 2)
				continue;
			add_target(server, pass, node->words[1]);
		}
	}
}
