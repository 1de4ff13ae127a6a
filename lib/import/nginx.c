#include "import/nginx.h"

#include "base/parse.h"
#include "import/nginx_parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLES_MAX 1000 /* looked up for one server: their values may be variables */

/* The service that servers of one name share. */
struct known {
	char *key;
	struct draft *draft;
};

struct conf {
	struct drafts *drafts;
	const struct nginx_node *root;
	struct known *known;
	size_t known_count;
};

/* A server that is looked at. */
struct server {
	struct conf *conf;
	const struct nginx_node *node, *context; /* context: http or stream */
	struct draft *draft;
	bool is_stream, has_tcp, has_udp;
	unsigned variables; /* looked up so far */
};

static bool
is(const struct nginx_node *node, const char *name)
{
	return node->count > 0 && strcmp(node->words[0], name) == 0;
}

static const char *
word(const struct nginx_node *node, size_t i)
{
	return i < node->count ? node->words[i] : "";
}

static bool
has_word(const struct nginx_node *node, const char *what)
{
	for (size_t i = 1; i < node->count; i++)
		if (strcmp(node->words[i], what) == 0)
			return true;
	return false;
}

/* The value of NAME=VALUE among the words, or NULL. */
static const char *
value_of(const struct nginx_node *node, const char *name)
{
	const size_t length = strlen(name);

	for (size_t i = 1; i < node->count; i++)
		if (strncmp(node->words[i], name, length) == 0 && node->words[i][length] == '=')
			return node->words[i] + length + 1;
	return NULL;
}

static struct draft_place
place_of(const struct nginx_node *node)
{
	return (struct draft_place){node->file, node->line};
}

static const struct nginx_node *
find_child(const struct nginx_node *node, const char *name)
{
	const struct nginx_node *found = NULL;

	for (const struct nginx_node *child = node->first; child; child = child->next)
		if (is(child, name))
			found = child;
	return found;
}

/* The directive that holds for a block: its own, or that of the nearest block around it. */
static const struct nginx_node *
find_inherited(const struct nginx_node *node, const char *name)
{
	for (; node; node = node->parent) {
		const struct nginx_node *found = find_child(node, name);

		if (found)
			return found;
	}
	return NULL;
}

/* [ADDRESS:]PORT or ADDRESS, in place; PORT may be a range, and is fallback without one. -1: it is
 * none of these. *host is NULL for every address. */
static int
read_address(char *text, unsigned fallback, const char **host, struct draft_ports *ports,
	     int *family)
{
	char *port;

	if (*text && text[strspn(text, "0123456789-")] == '\0') {
		*host = NULL;
		*family = 4;
		return draft_parse_ports(text, &ports->first, &ports->last);
	}
	*family = *text == '[' ? 6 : 0;
	*host = draft_split(text, &port);
	if (strcmp(*host, "*") == 0 || strcmp(*host, "0.0.0.0") == 0) {
		*host = NULL;
		*family = 4;
	} else if (strcmp(*host, "::") == 0) {
		*host = NULL;
	}
	ports->first = ports->last = fallback;
	return port ? draft_parse_ports(port, &ports->first, &ports->last) : fallback ? 0 : -1;
}

static void
read_listen(struct server *server, const struct nginx_node *listen)
{
	const bool is_quic = has_word(listen, "quic"), is_udp = is_quic || has_word(listen, "udp");
	struct draft_ports ports = {.protocol = is_udp ? "udp" : "tcp"};
	struct drafts *drafts = server->conf->drafts;
	const char *host;
	char text[256];
	int family;

	snprintf(text, sizeof(text), "%s", word(listen, 1));
	if (strncmp(text, "unix:", 5) == 0) {
		drafts_remark(drafts, server->draft, place_of(listen), "not an address of IP: '%s'",
			      text);
		return;
	}
	if (read_address(text, server->is_stream ? 0 : 80, &host, &ports, &family) < 0) {
		drafts_remark(drafts, server->draft, place_of(listen), "not an address: '%s'",
			      word(listen, 1));
		return;
	}
	if (!host && family == 6 && value_of(listen, "ipv6only") &&
	    strcmp(value_of(listen, "ipv6only"), "off") == 0)
		family = 0;
	server->has_tcp |= !is_udp || is_quic;
	server->has_udp |= is_udp && !is_quic;
	draft_vip(drafts, server->draft, place_of(listen), host, family, ports, NULL);
}

/* Adds a server at an address for each protocol that is listened for. */
static void
add_address(struct server *server, const struct nginx_node *at, const char *address,
	    unsigned fallback, const char *note)
{
	struct drafts *drafts = server->conf->drafts;
	struct draft_ports ports = {0};
	const char *host;
	char text[256];
	int family;

	snprintf(text, sizeof(text), "%s", address);
	if (strncmp(text, "unix:", 5) == 0)
		drafts_remark(drafts, server->draft, place_of(at), "not an address of IP: '%s'",
			      text);
	else if (value_of(at, "service"))
		drafts_remark(drafts, server->draft, place_of(at),
			      "a DNS SRV record is not resolved: '%s'", text);
	else if (read_address(text, fallback, &host, &ports, &family) < 0 || !host)
		drafts_remark(drafts, server->draft, place_of(at), "not an address: '%s'", address);
	else
		for (int udp = 0; udp < 2; udp++) {
			ports.protocol = udp ? "udp" : "tcp";
			if (udp ? server->has_udp : server->has_tcp)
				draft_server(drafts, server->draft, place_of(at), host, family,
					     ports, note);
		}
}

/* How a block passes on what it was asked for. */
struct pass {
	const struct nginx_node *node; /* proxy_pass or the like */
	bool is_http, is_tls;
	unsigned port; /* unless another is given; 0: one must be */
};

static const struct nginx_node *
find_upstream(const struct server *server, const char *name)
{
	for (const struct nginx_node *node = server->context->first; node; node = node->next)
		if (is(node, "upstream") && strcasecmp(word(node, 1), name) == 0)
			return node;
	return NULL;
}

/* Says what an upstream has beside servers that are known. */
static void
remark_upstream(const struct server *server, const struct nginx_node *upstream)
{
	static const struct {
		const char *name, *format;
	} others[] = {
	    {"balancer_by_lua_block", "servers that code chooses are not known: '%s'"},
	    {"balancer_by_lua_file", "servers that code chooses are not known: '%s'"},
	    {"state", "servers in a state file are not known: '%s'"},
	    {"check", "checks by '%s' are not told from other connections"},
	};
	struct drafts *drafts = server->conf->drafts;

	for (const struct nginx_node *node = upstream->first; node; node = node->next)
		for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
			if (is(node, others[i].name))
				drafts_remark(drafts, server->draft, place_of(node),
					      others[i].format, others[i].name);
	if (!find_child(upstream, "server") && !find_child(upstream, "state"))
		drafts_remark(drafts, server->draft, place_of(upstream),
			      "an upstream without a server: '%s'", word(upstream, 1));
}

static void
add_authority(struct server *server, const struct pass *pass, const char *authority)
{
	const struct nginx_node *upstream = find_upstream(server, authority);

	for (const struct nginx_node *node = upstream ? upstream->first : NULL; node;
	     node = node->next)
		if (is(node, "server"))
			add_address(server, node, word(node, 1), server->is_stream ? 0 : 80,
				    word(upstream, 1));
	if (upstream)
		remark_upstream(server, upstream);
	else
		add_address(server, pass->node, authority, pass->port, NULL);
}

static void add_target(struct server *server, struct pass pass, const char *target);

/* Whether a line among the values of a map or the like is none of them. */
static bool
is_setting(const struct nginx_node *map, const struct nginx_node *line)
{
	return is(line, "include") || (is(map, "geo") && (is(line, "proxy") || is(line, "delete")));
}

/* Adds what a variable may be: "$name" and what follows. */
static void
add_variable(struct server *server, struct pass pass, const char *name)
{
	const struct nginx_node *top = server->conf->root;
	bool is_found = false;

	if (server->variables++ >= VARIABLES_MAX)
		return;
	for (const struct nginx_node *node = nginx_tree_next(top, top); node;
	     node = nginx_tree_next(node, top)) {
		const bool has_values =
		    is(node, "map") || is(node, "geo") || is(node, "split_clients");

		if (is(node, "set") && node->count == 3 && strcmp(node->words[1], name) == 0) {
			is_found = true;
			if (node->words[2][0])
				add_target(server, pass, node->words[2]);
		}
		if (!has_values || strcmp(word(node, node->count - 1), name) != 0)
			continue;
		is_found = true;
		for (const struct nginx_node *value = node->first; value; value = value->next)
			if (value->count == 2 && value->words[1][0] && !is_setting(node, value))
				add_target(server, pass, value->words[1]);
	}
	if (!is_found)
		drafts_remark(server->conf->drafts, server->draft, place_of(pass.node),
			      "not known where '%s' leads", name);
}

/* Adds what the value of proxy_pass names: [SCHEME://]AUTHORITY[/...]. */
static void
add_target(struct server *server, struct pass pass, const char *target)
{
	static const struct {
		const char *name;
		unsigned port;
		bool is_tls;
	} schemes[] = {{"http://", 80, false},  {"https://", 443, true}, {"grpc://", 80, false},
		       {"grpcs://", 443, true}, {"suwsgi://", 0, true},  {"uwsgi://", 0, false}};
	char authority[256], *uri;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		if (strncasecmp(target, schemes[i].name, strlen(schemes[i].name)) == 0) {
			pass.port = schemes[i].port;
			pass.is_tls = schemes[i].is_tls;
			target += strlen(schemes[i].name);
			break;
		}
	}
	snprintf(authority, sizeof(authority), "%s", target);
	if (strncmp(authority, "unix:", 5) != 0)
		authority[strcspn(authority, "/?")] = '\0';
	if (strncmp(authority, "${", 2) == 0 && authority[strlen(authority) - 1] == '}') {
		authority[strlen(authority) - 1] = '\0';
		memmove(authority + 1, authority + 2, strlen(authority + 2) + 1);
	}
	uri = strstr(authority, "$request_uri");
	if (!uri)
		uri = strstr(authority, "$uri");
	if (uri && uri > authority) /* what a variable that begins with a slash adds */
		*uri = '\0';
	if (authority[0] == '$' &&
	    authority[1 + strspn(authority + 1, "abcdefghijklmnopqrstuvwxyz"
						"ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")] == '\0') {
		add_variable(server, pass, authority);
	} else if (strchr(authority, '$')) {
		drafts_remark(server->conf->drafts, server->draft, place_of(pass.node),
			      "not known where '%s' leads", target);
	} else {
		add_authority(server, &pass, authority);
		if (!server->is_stream && (pass.is_tls || !pass.is_http))
			server->draft->has_unjoined = true;
	}
}

/* What servers see as the client's address, and whether they are told it. */
static void
read_source(struct server *server, const struct nginx_node *block, const char *bind_name,
	    bool is_http)
{
	const struct nginx_node *bind = find_inherited(block, bind_name);
	const struct nginx_node *proxy = find_inherited(block, "proxy_protocol");
	const char *source = bind ? word(bind, 1) : "off";
	bool is_told = server->is_stream && proxy && strcmp(word(proxy, 1), "on") == 0;
	char address[64];

	if (strcmp(source, "$remote_addr") == 0 && has_word(bind, "transparent"))
		source = "client";
	snprintf(address, sizeof(address), "%s", source);
	address[strcspn(address, "$")] = '\0'; /* ADDRESS:$remote_port */
	if (address[0] && address[strlen(address) - 1] == ':')
		address[strlen(address) - 1] = '\0';
	draft_source(server->draft, address);
	/* The nearest block with any such directive rules them all. */
	for (; is_http && block; block = block->parent) {
		for (const struct nginx_node *node = block->first; node; node = node->next)
			is_told |= is(node, "proxy_set_header") && node->count > 2 &&
				   (strcasecmp(word(node, 1), "X-Forwarded-For") == 0 ||
				    strcasecmp(word(node, 1), "Forwarded") == 0);
		if (find_child(block, "proxy_set_header"))
			break;
	}
	server->draft->has_unjoined |= !is_told;
}

/* Whether checks of what a block passes on show neither a request nor that there is none. */
static bool
is_opaque(const struct server *server, const struct nginx_node *block)
{
	const struct nginx_node *pass = find_child(block, "proxy_pass");
	const struct nginx_node *tls = find_inherited(block, "proxy_ssl");
	const struct nginx_node *proxy = find_inherited(block, "proxy_protocol");

	if (server->is_stream)
		return (tls && strcmp(word(tls, 1), "on") == 0) ||
		       (proxy && strcmp(word(proxy, 1), "on") == 0);
	return !pass || strncasecmp(word(pass, 1), "http://", strlen("http://")) != 0;
}

static void
read_health_check(struct server *server, const struct nginx_node *node)
{
	const char *port = value_of(node, "port"), *uri = value_of(node, "uri");
	struct drafts *drafts = server->conf->drafts;
	uint64_t number = 0;

	if (port && parse_number(port, UINT16_MAX, &number, NULL) == 0 &&
	    !draft_serves(server->draft, server->has_tcp ? "tcp" : "udp", (unsigned)number))
		draft_monitor(server->draft, "%s/%u", server->has_tcp ? "tcp" : "udp",
			      (unsigned)number);
	else if (is_opaque(server, node->parent))
		drafts_remark(drafts, server->draft, place_of(node),
			      "checks are not told from other connections");
	else if (!server->is_stream)
		draft_monitor_http(drafts, server->draft, place_of(node), uri ? uri : "/");
	else if (value_of(node, "match") || !server->has_tcp || server->has_udp)
		drafts_remark(drafts, server->draft, place_of(node),
			      "checks are not told from other connections");
	else
		draft_monitor(server->draft, "empty");
}

static const struct {
	const char *name, *bind;
} passes[] = {
    {"proxy_pass", "proxy_bind"}, {"fastcgi_pass", "fastcgi_bind"},
    {"uwsgi_pass", "uwsgi_bind"}, {"scgi_pass", "scgi_bind"},
    {"grpc_pass", "grpc_bind"},   {"memcached_pass", "memcached_bind"},
};

static void
read_passes(struct server *server)
{
	const struct nginx_node *node;

	for (node = nginx_tree_next(server->node, server->node); node;
	     node = nginx_tree_next(node, server->node)) {
		for (size_t i = 0; i < sizeof(passes) / sizeof(*passes); i++) {
			struct pass pass = {.node = node, .is_http = i == 0};

			if (!is(node, passes[i].name) || node->count < 2)
				continue;
			add_target(server, pass, node->words[1]);
			read_source(server, node->parent, passes[i].bind,
				    i == 0 && !server->is_stream);
		}
	}
}

static void
read_health_checks(struct server *server)
{
	for (const struct nginx_node *node = nginx_tree_next(server->node, server->node); node;
	     node = nginx_tree_next(node, server->node))
		if (is(node, "health_check"))
			read_health_check(server, node);
}

/* The first name of an http server that can stand for it, or NULL. */
static const char *
find_name(const struct nginx_node *server)
{
	for (const struct nginx_node *node = server->first; node; node = node->next) {
		for (size_t i = 1; is(node, "server_name") && i < node->count; i++) {
			const char *name = node->words[i];

			name += strncmp(name, "*.", 2) == 0 ? 2 : *name == '.';
			if (isalnum((unsigned char)*name) && !strpbrk(name, "*$"))
				return name;
		}
	}
	return NULL;
}

/* The first port that a server listens at; 0: none is of IP. */
static unsigned
find_port(const struct nginx_node *server, bool is_stream)
{
	bool listens = false;

	for (const struct nginx_node *node = server->first; node; node = node->next) {
		struct draft_ports ports = {0};
		const char *host;
		char text[256];
		int family;

		if (!is(node, "listen"))
			continue;
		listens = true;
		snprintf(text, sizeof(text), "%s", word(node, 1));
		if (strncmp(text, "unix:", 5) != 0 &&
		    read_address(text, is_stream ? 0 : 80, &host, &ports, &family) == 0)
			return ports.first;
	}
	return listens ? 0 : 80;
}

/* What the server's service is called. */
static void
make_name(char *to, size_t size, const struct server *server)
{
	const struct nginx_node *pass = find_child(server->node, "proxy_pass");
	const char *name = find_name(server->node);

	if (server->is_stream && pass && find_upstream(server, word(pass, 1)))
		name = word(pass, 1);
	if (name)
		snprintf(to, size, "%s", name);
	else
		snprintf(to, size, "%s-%u", word(server->context, 0),
			 find_port(server->node, server->is_stream));
}

static struct draft *
find_service(struct conf *conf, const char *context, const char *name)
{
	struct known *larger = reallocarray(conf->known, conf->known_count + 1, sizeof(*larger));
	char *key = NULL;

	if (larger)
		conf->known = larger;
	if (!larger || asprintf(&key, "%s %s", context, name) < 0) {
		conf->drafts->failed = true;
		return NULL;
	}
	for (size_t i = 0; i < conf->known_count; i++) {
		if (strcmp(conf->known[i].key, key) == 0) {
			free(key);
			return conf->known[i].draft;
		}
	}
	larger[conf->known_count] = (struct known){key, drafts_add(conf->drafts, name)};
	return larger[conf->known_count++].draft;
}

/* Checks come last: which port belongs to them alone is known once all servers are. */
static void
import_server(struct conf *conf, const struct nginx_node *context, const struct nginx_node *node,
	      bool checks)
{
	struct server server = {
	    .conf = conf, .node = node, .context = context, .is_stream = is(context, "stream")};
	bool listens = false;
	char name[256];

	make_name(name, sizeof(name), &server);
	server.draft = find_service(conf, word(context, 0), name);
	if (!server.draft)
		return;
	draft_note(server.draft, "%s server of %s:%u", word(context, 0), node->file, node->line);
	for (const struct nginx_node *child = node->first; child; child = child->next) {
		if (!is(child, "listen"))
			continue;
		listens = true;
		read_listen(&server, child);
	}
	if (checks) {
		read_health_checks(&server);
		return;
	}
	if (!listens && !server.is_stream) {
		server.has_tcp = true;
		draft_vip(conf->drafts, server.draft, place_of(node), NULL, 4,
			  (struct draft_ports){"tcp", 80, 80}, NULL);
	}
	read_passes(&server);
}

int
nginx_import(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	struct nginx_tree tree;
	struct conf conf = {.drafts = drafts, .root = &tree.root};
	int rc = nginx_parse(&tree, text, file, why);

	for (size_t i = 0; rc == 0 && i < tree.remarks.count; i++)
		strvec_add(&drafts->remarks, tree.remarks.list[i]);
	for (const struct nginx_node *context = tree.root.first; rc == 0 && context;
	     context = context->next) {
		if (is(context, "mail"))
			drafts_remark(drafts, NULL, place_of(context), "'mail' is not followed");
		for (int checks = 0; checks < 2; checks++)
			for (const struct nginx_node *node = context->first; node;
			     node = node->next)
				if ((is(context, "http") || is(context, "stream")) &&
				    is(node, "server"))
					import_server(&conf, context, node, checks == 1);
	}
	for (size_t i = 0; i < conf.known_count; i++)
		free(conf.known[i].key);
	free(conf.known);
	nginx_tree_release(&tree);
	return rc;
}
