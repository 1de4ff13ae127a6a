/*
 * A check is one or several connections, each opened by a `connect` rule or implied; the other
 * rules are the exchange on them. A check's connection can be told from clients' connections, best
 * first,
 *
 *	by a port that no server of the service has,
 *	by version 2 of the PROXY protocol, whose header says LOCAL for checks,
 *	by the path of its first HTTP request, if it is in the clear, or
 *	by being closed without a byte, if nothing is sent before that.
 *
 * Any other (TLS, HTTP/2, a PROXY header of version 1, database protocols) looks like a client's
 * connection, and gets a warning instead of a monitor line.
 *
 * Which rules apply is intricate: they come from the nearest section in the chain of defaults that
 * has any, where `option httpchk` counts as a rule while `option tcp-check` does not; a `connect`
 * ignores the server line's TLS and PROXY settings unless it has `default`; and with a check port
 * or address of its own a check does not inherit the settings of the server's connections.
 */
#include "import/haproxy_checks.h"

#include "base/parse.h"

#include <stdlib.h>
#include <string.h>

/* The checks of a server. */
struct check {
	struct draft *draft;
	const struct haproxy_line *line; /* the server's */
	const struct haproxy_server *server;
	const struct haproxy_line *option;   /* `option httpchk` or the like; NULL: only connects */
	const char *keyword;                 /* that its rules begin with; NULL: it has none */
	const struct haproxy_section *rules; /* the section that they are in; NULL: none */
};

/* One connection of a check. */
struct probe {
	const struct haproxy_line *connect; /* NULL: it is implied */
	const struct haproxy_line
	    *option;      /* the `option httpchk` that its request is from, or NULL */
	const char *path; /* of its first HTTP request; NULL: none */
	const struct haproxy_line *path_line; /* where path is from */
	bool has_request;                     /* from a `send` rule: later ones are ignored */
	bool has_payload;                     /* other than HTTP */
};

/* Whether the section has rules of its own. */
static bool
has_rules(const struct haproxy_section *section, const char *keyword)
{
	for (const struct haproxy_line *line = section->first; line < section->end; line++) {
		const bool is_setting = haproxy_line_is(line, 1, "disable-on-404") ||
					haproxy_line_is(line, 1, "send-state");

		if ((haproxy_line_is(line, 0, keyword) && !is_setting) ||
		    (strcmp(keyword, "http-check") == 0 && haproxy_line_is(line, 0, "option") &&
		     haproxy_line_is(line, 1, "httpchk")))
			return true;
	}
	return false;
}

static void
find_rules(struct check *check, const struct haproxy_section *section)
{
	static const char *const options[] = {
	    "httpchk",     "tcp-check",      "smtpchk",     "ldap-check",
	    "mysql-check", "pgsql-check",    "redis-check", "ssl-hello-chk",
	    "spop-check",  "external-check", NULL};

	check->option = haproxy_section_setting(section, "option", options);
	if (check->option && haproxy_line_is(check->option, 1, "httpchk"))
		check->keyword = "http-check";
	else if (check->option && haproxy_line_is(check->option, 1, "tcp-check"))
		check->keyword = "tcp-check";
	while (check->keyword && section && !has_rules(section, check->keyword))
		section = section->defaults;
	check->rules = check->keyword ? section : NULL;
}

/* The address that a connection goes to; NULL: it is a server of the service. */
static const char *
find_foreign_address(const struct check *check, const struct probe *probe)
{
	const char *address = haproxy_line_value(probe->connect, "addr");
	struct haproxy_addr at;

	address = address ? address : check->server->check_addr;
	if (!address || haproxy_addr_parse(&at, address, NULL) < 0)
		return address;
	return at.host && draft_endpoints_have_host(&check->draft->servers, at.host) ? NULL
										     : address;
}

/* Adds a monitor for a connection to a port that clients' connections use as well. */
static void
add_monitor_by_content(const struct check *check, const struct probe *probe)
{
	const struct haproxy_server *server = check->server;
	const struct haproxy_line *line = check->line, *connect = probe->connect;
	const bool is_bare = connect && !haproxy_line_has(connect, "default");
	const bool is_apart = server->check_port || server->check_addr;
	const bool has_proxy_header =
	    haproxy_line_has(connect, "send-proxy") ||
	    (!is_bare && (server->check_proxy || (server->proxy && !is_apart)));
	const bool is_tls =
	    haproxy_line_has(connect, "ssl") || (!is_bare && !server->no_check_ssl &&
						 (server->check_ssl || (server->ssl && !is_apart)));
	const char *proto = haproxy_line_value(connect, "proto");
	const struct haproxy_line *reason = check->option ? check->option : line;

	if (!proto && !is_bare)
		proto = server->check_proto ? server->check_proto : server->proto;
	if (has_proxy_header && server->proxy == 2)
		draft_add_monitor(check->draft, "local");
	else if (is_tls)
		draft_warn_of_checks(check->draft, line->at,
				     "checks over TLS cannot be told from client connections");
	else if (probe->has_payload)
		draft_warn_of_checks(check->draft, reason->at,
				     "checks cannot be told from client connections: '%s'",
				     haproxy_line_word(reason, 1));
	else if (haproxy_server_is_framed(proto))
		draft_warn_of_checks(check->draft, line->at,
				     "checks by '%s' cannot be told from client connections",
				     proto);
	else if (probe->path)
		draft_add_http_monitor(check->draft, probe->path_line->at, probe->path);
	else if (has_proxy_header)
		draft_warn_of_checks(
		    check->draft, line->at,
		    "checks with a PROXY header cannot be told from client connections");
	else
		draft_add_monitor(check->draft, "empty");
}

/* The port of an address; 0: it has none. */
static unsigned
parse_port_of(const char *address)
{
	struct haproxy_addr at;

	return address && haproxy_addr_parse(&at, address, NULL) == 0 ? at.ports.first : 0;
}

static void
add_probe(const struct check *check, const struct probe *probe)
{
	const char *foreign = find_foreign_address(check, probe);
	const char *port_word = haproxy_line_value(probe->connect, "port");
	const char *unknown = port_word ? NULL : check->server->unknown_port;
	uint64_t port = check->server->check_port;

	if (port_word && parse_number(port_word, UINT16_MAX, &port, NULL) < 0)
		unknown = port_word;
	if (!port)
		port = parse_port_of(haproxy_line_value(probe->connect, "addr"));
	if (!port)
		port = parse_port_of(check->server->check_addr);
	if (foreign)
		draft_warn(check->draft, check->line->at,
			   "checks of an address that is not a server are not captured: '%s'",
			   foreign);
	else if (unknown)
		draft_warn(check->draft, check->line->at, "check port is not a number: '%s'",
			   unknown);
	else if (port && !draft_endpoints_have_port(&check->draft->servers, "tcp", (unsigned)port))
		draft_add_monitor(check->draft, "tcp/%u", (unsigned)port);
	else
		add_monitor_by_content(check, probe);
}

/* The URI of `option httpchk [METHOD] URI`; "/" if it has none. */
static const char *
option_uri(const struct haproxy_line *option)
{
	return option->count > 3 ? option->words[3] : option->count > 2 ? option->words[2] : "/";
}

/* Applies a rule other than `connect` to its connection. */
static void
apply_rule(struct probe *probe, const struct haproxy_line *rule)
{
	const char *uri;

	if (haproxy_line_is(rule, 0, "tcp-check")) {
		probe->has_payload |= strncmp(haproxy_line_word(rule, 1), "send", 4) == 0 ||
				      haproxy_line_is(rule, 1, "expect");
	} else if (haproxy_line_is(rule, 1, "send") && !probe->has_request) {
		uri = haproxy_line_value(rule, "uri");
		if (!uri && haproxy_line_value(rule, "uri-lf"))
			uri = "an expression";
		/* A rule overrides an option, unless a later option has a URI. */
		if (!probe->path || (uri && !(probe->option > rule && probe->option->count > 2))) {
			probe->path = uri ? uri : "/";
			probe->path_line = rule;
		}
		probe->has_request = true;
	}
}

/* The first connection, before any rule. The request of `option httpchk` is left out if the rules
 * are in another section. */
static struct probe
begin_probe(const struct check *check)
{
	struct probe probe = {.has_payload = check->option && !check->keyword};

	if (!check->rules || !haproxy_line_is(check->option, 1, "httpchk"))
		return probe;
	for (const struct haproxy_line *line = check->rules->first; line < check->rules->end;
	     line++)
		if (haproxy_line_is(line, 0, "option") && haproxy_line_is(line, 1, "httpchk"))
			probe.option = line;
	probe.path = probe.option ? option_uri(probe.option) : NULL;
	probe.path_line = probe.option;
	return probe;
}

/* Adds a monitor for every connection of the checks. */
static void
add_probes(const struct check *check)
{
	struct probe probe = begin_probe(check);
	const struct haproxy_line *rule = check->rules ? check->rules->first : NULL;
	bool has_connect = false;

	for (; check->rules && rule < check->rules->end; rule++) {
		if (!haproxy_line_is(rule, 0, check->keyword))
			continue;
		if (!haproxy_line_is(rule, 1, "connect")) {
			apply_rule(&probe, rule);
			continue;
		}
		if (has_connect) {
			add_probe(check, &probe);
			probe = (struct probe){0};
		}
		probe.connect = rule;
		has_connect = true;
	}
	add_probe(check, &probe);
}

void
haproxy_checks_add(struct draft *draft, const struct haproxy_section *section,
		   const struct haproxy_line *line, const struct haproxy_server *server)
{
	struct check check = {.draft = draft, .line = line, .server = server};

	if (server->checks) {
		find_rules(&check, section);
		add_probes(&check);
	}
	if (server->agent && server->agent_addr &&
	    !draft_endpoints_have_host(&draft->servers, server->agent_addr))
		return; /* its packets belong to no server of the service */
	if (server->agent && server->agent_port &&
	    !draft_endpoints_have_port(&draft->servers, "tcp", server->agent_port))
		draft_add_monitor(draft, "tcp/%u", server->agent_port);
	else if (server->agent)
		draft_warn_of_checks(draft, line->at,
				     "agent checks cannot be told from client connections");
}
