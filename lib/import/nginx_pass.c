/*
 * The argument of proxy_pass is [SCHEME://]AUTHORITY[/...], where AUTHORITY is an upstream, an
 * address or a name, or contains variables. A variable stands for all values that `set`, `map`,
 * `geo` or `split_clients` can give it anywhere in the configuration, each of which is such an
 * argument again; the number of lookups is limited, as variables may refer to each other. Locations
 * are not evaluated: every address that could be passed to is taken.
 */
#include "import/nginx_pass.h"

#include "import/nginx_headers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLES_MAX 1000 /* looked up for one server */

/* A pass directive. */
struct pass {
	const struct nginx_node *node;
	bool is_http, is_tls;
	unsigned port; /* default of the address; 0: it must have one */
};

static void add_target(struct nginx_server *server, struct pass pass, const char *target);

int
nginx_pass_parse_address(char *text, unsigned fallback, struct draft_endpoint *endpoint)
{
	struct draft_ports *ports = &endpoint->ports;
	char *port;

	if (*text && text[strspn(text, "0123456789-")] == '\0') {
		endpoint->host = NULL;
		endpoint->family = 4;
		return draft_endpoint_parse_ports(text, &ports->first, &ports->last);
	}
	endpoint->family = *text == '[' ? 6 : 0;
	endpoint->host = draft_endpoint_split(text, &port);
	if (strcmp(endpoint->host, "*") == 0 || strcmp(endpoint->host, "0.0.0.0") == 0) {
		endpoint->host = NULL;
		endpoint->family = 4;
	} else if (strcmp(endpoint->host, "::") == 0) {
		endpoint->host = NULL;
	}
	ports->first = ports->last = fallback;
	return port       ? draft_endpoint_parse_ports(port, &ports->first, &ports->last)
	       : fallback ? 0
			  : -1;
}

/* Adds a server at an address, for each protocol that the server block listens for. */
static void
add_address(struct nginx_server *server, const struct nginx_node *node, const char *address,
	    unsigned fallback, const char *comment)
{
	struct draft_endpoint endpoint = {.comment = comment};
	char text[256];

	snprintf(text, sizeof(text), "%s", address);
	if (strncmp(text, "unix:", 5) == 0) {
		draft_warn(server->draft, node->at, "not an IP address: '%s'", text);
	} else if (nginx_node_value(node, "service")) {
		draft_warn(server->draft, node->at, "DNS SRV records are not resolved: '%s'", text);
	} else if (nginx_pass_parse_address(text, fallback, &endpoint) < 0 || !endpoint.host) {
		draft_warn(server->draft, node->at, "not an address: '%s'", address);
	} else {
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

/* Warns of servers and checks of an upstream that cannot be imported. */
static void
warn_of_upstream(struct draft *draft, const struct nginx_node *upstream)
{
	static const struct {
		const char *name, *format;
	} others[] = {
	    {"balancer_by_lua_block", "servers chosen by code are not known: '%s'"},
	    {"balancer_by_lua_file", "servers chosen by code are not known: '%s'"},
	    {"state", "servers in a state file are not known: '%s'"},
	    {"check", "checks by '%s' cannot be told from client connections"},
	};

	for (const struct nginx_node *node = upstream->first; node; node = node->next)
		for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
			if (nginx_node_is(node, others[i].name))
				draft_warn(draft, node->at, others[i].format, others[i].name);
	if (!nginx_node_child(upstream, "server") && !nginx_node_child(upstream, "state"))
		draft_warn(draft, upstream->at, "upstream has no server: '%s'",
			   nginx_node_word(upstream, 1));
}

static void
add_authority(struct nginx_server *server, const struct pass *pass, const char *authority)
{
	const struct nginx_node *upstream = nginx_pass_upstream(server, authority);

	if (!upstream) {
		add_address(server, pass->node, authority, pass->port, NULL);
		return;
	}
	for (const struct nginx_node *node = upstream->first; node; node = node->next)
		if (nginx_node_is(node, "server"))
			add_address(server, node, nginx_node_word(node, 1),
				    server->is_stream ? 0 : 80, nginx_node_word(upstream, 1));
	warn_of_upstream(server->draft, upstream);
}

/* Whether a line in the block of a map or the like is a parameter rather than a value. */
static bool
is_parameter(const struct nginx_node *map, const struct nginx_node *line)
{
	return nginx_node_is(line, "include") ||
	       (nginx_node_is(map, "geo") &&
		(nginx_node_is(line, "proxy") || nginx_node_is(line, "delete")));
}

/* Adds the values that a directive gives to a variable; false: it is about another. */
static bool
add_values(struct nginx_server *server, struct pass pass, const struct nginx_node *node,
	   const char *name)
{
	if (nginx_node_is(node, "set") && node->count == 3 && strcmp(node->words[1], name) == 0) {
		if (node->words[2][0])
			add_target(server, pass, node->words[2]);
		return true;
	}
	if ((!nginx_node_is(node, "map") && !nginx_node_is(node, "geo") &&
	     !nginx_node_is(node, "split_clients")) ||
	    strcmp(nginx_node_word(node, node->count - 1), name) != 0)
		return false;
	for (const struct nginx_node *value = node->first; value; value = value->next)
		if (value->count == 2 && value->words[1][0] && !is_parameter(node, value))
			add_target(server, pass, value->words[1]);
	return true;
}

/* Adds the values of a variable, "$name". */
static void
add_variable(struct nginx_server *server, struct pass pass, const char *name)
{
	const struct nginx_node *top = server->root;
	bool is_found = false;

	if (server->variables++ >= VARIABLES_MAX)
		return;
	for (const struct nginx_node *node = nginx_tree_next(top, top); node;
	     node = nginx_tree_next(node, top))
		is_found |= add_values(server, pass, node, name);
	if (!is_found)
		draft_warn(server->draft, pass.node->at, "unknown value: '%s'", name);
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
	if (strncmp(text, "${", 2) == 0 && text[strlen(text) - 1] == '}') {
		text[strlen(text) - 1] = '\0';
		memmove(text + 1, text + 2, strlen(text + 2) + 1);
	}
	/* The values of these variables begin with a slash. */
	uri = strstr(text, "$request_uri");
	if (!uri)
		uri = strstr(text, "$uri");
	if (uri && uri > text)
		*uri = '\0';
}

static bool
is_variable(const char *text)
{
	return *text == '$' &&
	       text[1 + strspn(text + 1, "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")] == '\0';
}

static void
add_target(struct nginx_server *server, struct pass pass, const char *target)
{
	char authority[256];

	target = parse_scheme(&pass, target);
	snprintf(authority, sizeof(authority), "%s", target);
	cut_authority(authority);
	if (is_variable(authority)) {
		add_variable(server, pass, authority);
	} else if (strchr(authority, '$')) {
		draft_warn(server->draft, pass.node->at, "unknown value: '%s'", target);
	} else {
		add_authority(server, &pass, authority);
		if (!server->is_stream && (pass.is_tls || !pass.is_http))
			server->draft->has_unlinked = true;
	}
}

static bool
sends_proxy_protocol(const struct nginx_server *server, const struct nginx_node *block)
{
	const struct nginx_node *proxy = nginx_node_inherited(block, "proxy_protocol");

	return server->is_stream && proxy && strcmp(nginx_node_word(proxy, 1), "on") == 0;
}

static bool
is_encrypted(const struct nginx_server *server, const struct pass *pass)
{
	static const char *const schemes[] = {"https://", "grpcs://"};
	const struct nginx_node *tls = nginx_node_inherited(pass->node->parent, "proxy_ssl");

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (strncasecmp(pass->node->words[1], schemes[i], strlen(schemes[i])) == 0)
			return true;
	return server->is_stream && tls && strcmp(nginx_node_word(tls, 1), "on") == 0;
}

/* Records the headers of what a block passes on, unless they cannot be read or it is no HTTP. */
static void
add_headers(struct nginx_server *server, const struct pass *pass, const char *directive)
{
	struct strvec headers = STRVEC_INIT;

	if (directive && !server->is_stream)
		nginx_headers_find(pass->node->parent, directive, &headers);
	if (sends_proxy_protocol(server, pass->node->parent))
		return;
	if (headers.count == 0 || !pass->is_http)
		server->draft->has_unlinked = true;
	if (directive && server->has_tcp && !is_encrypted(server, pass))
		draft_add_headers(server->draft, &headers);
	strvec_release(&headers);
}

/* Adds the source address that servers see when a block passes to them. */
static void
add_source(struct nginx_server *server, const struct nginx_node *block, const char *bind_name)
{
	const struct nginx_node *bind = nginx_node_inherited(block, bind_name);
	const char *source = bind ? nginx_node_word(bind, 1) : "off";
	char address[64];

	if (strcmp(source, "$remote_addr") == 0 && nginx_node_has(bind, "transparent"))
		source = "client";
	snprintf(address, sizeof(address), "%s", source);
	address[strcspn(address, "$")] = '\0'; /* ADDRESS:$remote_port */
	if (address[0] && address[strlen(address) - 1] == ':')
		address[strlen(address) - 1] = '\0';
	draft_add_source(server->draft, address);
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
			struct pass pass = {.node = node, .is_http = passes[i].headers};

			if (!nginx_node_is(node, passes[i].name) || node->count < 2)
				continue;
			add_target(server, pass, node->words[1]);
			add_source(server, node->parent, passes[i].bind);
			add_headers(server, &pass, passes[i].headers);
		}
	}
}
