/*
 * A server's settings are words after its address, each alone or followed by a value, in any order.
 * Most do not matter here but have to be told apart: a setting that is not known is taken to have a
 * value, which must not be read as a setting, so those without one are listed. A setting resets
 * what its `no-` form or an earlier line has set, so the same function applies default-server lines
 * and server lines one over the other.
 */
#include "import/haproxy_server.h"

#include "base/parse.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool
begins(const char *word, const char *with)
{
	return strncmp(word, with, strlen(with)) == 0;
}

static bool
is_any(const char *word, const char *const *list)
{
	while (*list && strcmp(*list, word) != 0)
		list++;
	return *list;
}

/* Applies the prefix of an address, before its `@`; -1: not IP. */
static int
apply_prefix(struct haproxy_addr *addr, const char *prefix)
{
	static const struct {
		const char *name;
		int family;
		const char *protocol;
	} families[] = {
	    {"ipv4", 4, "tcp"},   {"ipv6", 6, "tcp"},        {"tcp", 0, "tcp"},
	    {"tcp4", 4, "tcp"},   {"tcp6", 6, "tcp"},        {"udp", 0, "udp"},
	    {"udp4", 4, "udp"},   {"udp6", 6, "udp"},        {"quic4", 4, "udp"},
	    {"quic6", 6, "udp"},  {"mptcp", 0, "tcp"},       {"mptcp4", 4, "tcp"},
	    {"mptcp6", 6, "tcp"}, {"stream+ipv4", 4, "tcp"}, {"stream+ipv6", 6, "tcp"},
	};

	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		if (strcmp(families[i].name, prefix) == 0) {
			addr->family = families[i].family;
			addr->ports.protocol = families[i].protocol;
			return 0;
		}
	}
	return -1;
}

static int
parse_port(struct haproxy_addr *addr, const char *word)
{
	uint64_t offset;

	if (!word || !*word || strcmp(word, "0") == 0) {
		addr->kind = HAPROXY_PORT_CLIENTS;
		return 0;
	}
	if (*word != '+' && *word != '-')
		return draft_endpoint_parse_ports(word, &addr->ports.first, &addr->ports.last);
	if (parse_number(word + 1, UINT16_MAX, &offset, NULL) < 0)
		return -1;
	addr->kind = HAPROXY_PORT_CLIENTS;
	addr->offset = *word == '-' ? -(int)offset : (int)offset;
	return 0;
}

int
haproxy_addr_parse(struct haproxy_addr *addr, const char *word, struct failure *why)
{
	char *at, *rest, *ports;

	*addr = (struct haproxy_addr){.ports = {.protocol = "tcp"}};
	if (strchr(word, '$'))
		return failure_set(why, "depends on the environment: '%s'", word);
	if (strlen(word) >= sizeof(addr->text))
		return failure_set(why, "not an address: '%s'", word);
	strcpy(addr->text, word);
	rest = addr->text;
	at = strchr(addr->text, '@');
	if (at) {
		*at = '\0';
		rest = at + 1;
	}
	if ((at && apply_prefix(addr, addr->text) < 0) || *rest == '/')
		return failure_set(why, "not an IP address: '%s'", word);
	addr->host = draft_endpoint_split(rest, &ports);
	if (parse_port(addr, ports) < 0)
		return failure_set(why, "not a port: '%s'", word);
	if (*addr->host == '_')
		return failure_set(why, "DNS SRV records are not resolved: '%s'", word);
	if (!*addr->host || strcmp(addr->host, "*") == 0 || strcmp(addr->host, "0.0.0.0") == 0) {
		addr->host = NULL;
		addr->family = addr->family ? addr->family : 4;
	} else if (strcmp(addr->host, "::") == 0) {
		addr->host = NULL;
		addr->family = 6;
	}
	return 0;
}

void
haproxy_server_set_source(struct haproxy_server *server, char *const *words)
{
	static const char *const clients[] = {"client", "clientip", NULL};
	struct haproxy_addr addr;

	server->source[0] = '\0';
	if (!words[0] || haproxy_addr_parse(&addr, words[0], NULL) < 0)
		return;
	if (words[1] && strcmp(words[1], "usesrc") == 0) {
		if (words[2] && is_any(words[2], clients))
			strcpy(server->source, "client");
	} else if (addr.host && strlen(addr.host) < sizeof(server->source)) {
		strcpy(server->source, addr.host);
	}
}

/* Parses NAME or no-NAME; false: the word is neither. */
static bool
read_flag(const char *word, const char *name, bool *flag)
{
	const bool no = begins(word, "no-");

	if (strcmp(word + (no ? 3 : 0), name) != 0)
		return false;
	*flag = !no;
	return true;
}

/* `no-check-ssl` differs from neither word: without it checks use TLS as the server's connections
 * do. */
static bool
read_check_ssl(struct haproxy_server *server, const char *word)
{
	if (!read_flag(word, "check-ssl", &server->check_ssl))
		return false;
	server->no_check_ssl = !server->check_ssl;
	return true;
}

static bool
read_proxy(const char *word, unsigned *version)
{
	static const char *const second[] = {"send-proxy-v2", "send-proxy-v2-ssl",
					     "send-proxy-v2-ssl-cn", NULL};
	const bool no = begins(word, "no-");
	const char *name = word + (no ? 3 : 0);

	if (strcmp(name, "send-proxy") != 0 && !is_any(name, second))
		return false;
	*version = no ? 0 : is_any(name, second) ? 2 : 1;
	return true;
}

/* `enabled` or `disabled`, the last counts. */
static bool
read_state(struct haproxy_server *server, const char *word)
{
	const bool is_disabled = strcmp(word, "disabled") == 0;

	if (!is_disabled && strcmp(word, "enabled") != 0)
		return false;
	server->is_disabled = is_disabled;
	return true;
}

/* Whether the setting is not followed by a value. */
static bool
has_no_value(const char *word)
{
	static const char *const words[] = {"allow-0rtt",
					    "backup",
					    "check-reuse-pool",
					    "check-via-socks4",
					    "non-stick",
					    "renegotiate",
					    "ssl-reuse",
					    "ssl-sess-reuse",
					    "stick",
					    "strict-maxconn",
					    "tfo",
					    "tls-tickets",
					    NULL};

	return begins(word, "no-") || begins(word, "force-") || is_any(word, words);
}

static unsigned
parse_port_or_0(const char *word)
{
	uint64_t port;

	return parse_number(word, UINT16_MAX, &port, NULL) < 0 ? 0 : (unsigned)port;
}

static void
set_check_port(struct haproxy_server *server, const char *word)
{
	uint64_t port;

	server->unknown_port = parse_number(word, UINT16_MAX, &port, NULL) < 0 ? word : NULL;
	server->check_port = parse_port_or_0(word);
}

void
haproxy_server_apply(struct haproxy_server *server, char *const *words)
{
	for (; *words; words++) {
		const char *name = *words;

		if (read_flag(name, "check", &server->checks) ||
		    read_flag(name, "ssl", &server->ssl) || read_check_ssl(server, name) ||
		    read_flag(name, "check-send-proxy", &server->check_proxy) ||
		    read_flag(name, "agent-check", &server->agent) ||
		    read_proxy(name, &server->proxy) || read_state(server, name) ||
		    has_no_value(name))
			continue;
		if (!*++words)
			return;
		if (strcmp(name, "port") == 0)
			set_check_port(server, *words);
		else if (strcmp(name, "agent-port") == 0)
			server->agent_port = parse_port_or_0(*words);
		else if (strcmp(name, "addr") == 0)
			server->check_addr = *words;
		else if (strcmp(name, "agent-addr") == 0)
			server->agent_addr = *words;
		else if (strcmp(name, "socks4") == 0)
			server->socks = *words;
		else if (strcmp(name, "proto") == 0)
			server->proto = *words;
		else if (strcmp(name, "check-proto") == 0)
			server->check_proto = *words;
		else if (strcmp(name, "track") == 0)
			server->checks = false;
		else if (strcmp(name, "source") == 0)
			haproxy_server_set_source(server, words);
		if (words[1] && words[2] &&
		    (strcmp(words[1], "usesrc") == 0 || strcmp(words[1], "interface") == 0))
			words += 2;
	}
}

bool
haproxy_server_read(struct haproxy_server *server, char *const *words)
{
	/* server NAME ADDRESS, server-template PREFIX COUNT ADDRESS, dispatch ADDRESS */
	static const struct {
		const char *keyword;
		size_t name, address;
	} forms[] = {{"server", 1, 2}, {"server-template", 1, 3}, {"dispatch", 0, 1}};
	size_t count = 0;

	while (words[count])
		count++;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (strcmp(words[0], forms[i].keyword) != 0 || count <= forms[i].address)
			continue;
		server->name = words[forms[i].name];
		server->address = words[forms[i].address];
		haproxy_server_apply(server, words + forms[i].address + 1);
		return true;
	}
	return false;
}

bool
haproxy_server_is_framed(const char *proto)
{
	static const char *const bare[] = {"h1", "h2", "none", NULL};

	return proto && !is_any(proto, bare);
}

/* Applies the default-server lines of the section's defaults, then its own above a line. */
static void
apply_defaults(const struct haproxy_section *section, const struct haproxy_line *before,
	       struct haproxy_server *server)
{
	if (section->defaults)
		apply_defaults(section->defaults, section->defaults->end, server);
	for (const struct haproxy_line *line = section->first; line < before; line++)
		if (haproxy_line_is(line, 0, "default-server"))
			haproxy_server_apply(server, line->words + 1);
}

bool
haproxy_server_of_line(struct haproxy_server *server, const struct haproxy_section *section,
		       const struct haproxy_line *line)
{
	const struct haproxy_line *source = haproxy_section_setting(section, "source", NULL);

	*server = (struct haproxy_server){0};
	if (source)
		haproxy_server_set_source(server, source->words + 1);
	apply_defaults(section, line, server);
	return haproxy_server_read(server, line->words);
}
