/*
 * Sockets other than IP are the same if their kind and name are: `/path` and `unix@/path` are one
 * kind, `abns@name` and `abnsz@name` are two. Those of IP are compared as numbers, where a server's
 * port has to lie in the bind's range. `localhost` is taken for both loopback addresses.
 */
#include "import/haproxy_socket.h"

#include "base/array.h"
#include "import/haproxy_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The name of a socket that is not of IP, with its kind before it ("unix@", "abns@"); NULL: it is of
 * IP, or of a kind that no server can name. *kind is static. */
static const char *
local_name(const char *address, const char **kind)
{
	static const struct {
		const char *prefix, *kind;
	} kinds[] = {{"unix@", "unix@"}, {"uxst@", "unix@"},        {"stream+unix@", "unix@"},
		     {"abns@", "abns@"}, {"stream+abns@", "abns@"}, {"abnsz@", "abnsz@"},
		     {"uxdg@", "uxdg@"}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const size_t length = strlen(kinds[i].prefix);

		if (strncmp(address, kinds[i].prefix, length) == 0) {
			*kind = kinds[i].kind;
			return address + length;
		}
	}
	*kind = "unix@";
	return *address == '/' ? address : NULL;
}

/* The word after `unix-bind prefix`, which precedes the paths of binds. */
static const char *
find_prefix(const struct haproxy_conf *conf)
{
	const char *prefix = NULL;

	for (size_t i = 0; i < conf->line_count; i++)
		if (haproxy_line_is(&conf->lines[i], 0, "unix-bind"))
			prefix = haproxy_line_value(&conf->lines[i], "prefix");
	return prefix ? prefix : "";
}

static struct draft_ports
ports_of(const char *word)
{
	struct haproxy_addr at;

	if (haproxy_addr_parse(&at, word, NULL) < 0 || at.kind != HAPROXY_PORT_FIXED)
		return (struct draft_ports){0};
	return at.ports;
}

static int
add_socket(struct haproxy_sockets *sockets, const struct haproxy_section *section,
	   const struct haproxy_line *line, const char *word, const char *prefix)
{
	const char *kind, *name = local_name(word, &kind);
	struct haproxy_socket *added;
	char *text = NULL;

	if (array_grow(&sockets->list, sockets->count, sizeof(*sockets->list)) < 0)
		return -1;
	if (!name)
		text = strdup(word);
	else if (asprintf(&text, "%s%s%s", kind, strcmp(kind, "unix@") == 0 ? prefix : "", name) <
		 0)
		text = NULL;
	added = &sockets->list[sockets->count++];
	*added = (struct haproxy_socket){
	    .section = section, .line = line, .word = strdup(word), .text = text};
	if (!name)
		added->ports = ports_of(word);
	return text && added->word ? 0 : -1;
}

/* Adds every address of the comma-separated list of a bind line. */
static int
add_bind(struct haproxy_sockets *sockets, const struct haproxy_section *section,
	 const struct haproxy_line *line, const char *prefix)
{
	char *words = strdup(haproxy_line_word(line, 1)), *rest = words;
	int rc = words ? 0 : -1;

	for (char *word; rc == 0 && (word = strsep(&rest, ","));)
		rc = add_socket(sockets, section, line, word, prefix);
	free(words);
	return rc;
}

void
haproxy_sockets_release(struct haproxy_sockets *sockets)
{
	for (size_t i = 0; i < sockets->count; i++) {
		free(sockets->list[i].word);
		free(sockets->list[i].text);
	}
	free(sockets->list);
	*sockets = (struct haproxy_sockets){0};
}

/* Whether a server of this address, which is of IP, connects to the bind. */
static bool
reaches(const struct haproxy_addr *server, const struct haproxy_socket *bind)
{
	struct haproxy_addr at;

	/* The ports first: there may be many thousand servers and binds. */
	if (!bind->ports.protocol || server->ports.first < bind->ports.first ||
	    server->ports.first > bind->ports.last ||
	    strcmp(bind->ports.protocol, server->ports.protocol) != 0 ||
	    haproxy_addr_parse(&at, bind->text, NULL) < 0)
		return false;
	return at.host ? draft_endpoint_is_same_host(server->host, at.host)
		       : draft_endpoint_is_loopback(server->host);
}

const struct haproxy_socket *
haproxy_sockets_find(const struct haproxy_sockets *sockets, const char *address)
{
	const char *kind, *name = local_name(address, &kind);
	struct haproxy_addr server;

	if (!name && (haproxy_addr_parse(&server, address, NULL) < 0 || !server.host ||
		      server.kind != HAPROXY_PORT_FIXED))
		return NULL;
	for (size_t i = 0; i < sockets->count; i++) {
		const char *text = sockets->list[i].text;
		const size_t length = strlen(kind);

		if (name ? strncmp(text, kind, length) == 0 && strcmp(text + length, name) == 0
			 : reaches(&server, &sockets->list[i]))
			return &sockets->list[i];
	}
	return NULL;
}

bool
haproxy_socket_is_inside(const char *address)
{
	struct haproxy_addr server;
	const char *kind;

	return local_name(address, &kind) ||
	       (haproxy_addr_parse(&server, address, NULL) == 0 && server.host &&
		draft_endpoint_is_loopback(server.host));
}

/* Marks the sockets that servers name and that are not of IP. */
static void
mark_inner(struct haproxy_sockets *sockets, const struct haproxy_conf *conf)
{
	for (size_t i = 0; i < conf->line_count; i++) {
		const struct haproxy_socket *found;
		struct haproxy_server server = {0};
		const char *kind;

		if (haproxy_server_read(&server, conf->lines[i].words) &&
		    local_name(server.address, &kind) &&
		    (found = haproxy_sockets_find(sockets, server.address)))
			sockets->list[found - sockets->list].is_inner = true;
	}
}

int
haproxy_sockets_collect(struct haproxy_sockets *sockets, const struct haproxy_conf *conf,
			struct failure *why)
{
	const char *prefix = find_prefix(conf);
	int rc = 0;

	*sockets = (struct haproxy_sockets){0};
	for (size_t i = 0; i < conf->section_count; i++) {
		const struct haproxy_section *section = &conf->sections[i];

		if (section->kind != HAPROXY_FRONTEND && section->kind != HAPROXY_LISTEN)
			continue;
		for (const struct haproxy_line *line = section->first;
		     rc == 0 && line < section->end; line++)
			if (haproxy_line_is(line, 0, "bind") && line->count > 1)
				rc = add_bind(sockets, section, line, prefix);
	}
	if (rc == 0)
		mark_inner(sockets, conf);
	return rc < 0 ? failure_nomem(why) : 0;
}
