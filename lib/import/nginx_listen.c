/*
 * A socket of every address counts for loopback addresses only: another address may be another
 * host's. Only TCP is followed; nothing hands on to QUIC. In `unix:PATH:/URI` the path ends at the
 * second colon.
 */
#include "import/nginx_listen.h"

#include <stdio.h>
#include <string.h>

int
nginx_listen_parse(char *text, unsigned fallback, struct draft_endpoint *endpoint)
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

static bool
is_unix(const char *text)
{
	return strncmp(text, "unix:", 5) == 0;
}

/* The length of `unix:PATH` without what may follow. */
static size_t
socket_length(const char *text)
{
	return 5 + strcspn(text + 5, ":");
}

static bool
is_same_socket(const char *one, const char *other)
{
	const size_t length = socket_length(one);

	return length == socket_length(other) && strncmp(one, other, length) == 0;
}

/* Whether a connection to this end goes to the listen directive. */
static bool
reaches(const struct draft_endpoint *to, const struct nginx_node *listen)
{
	const char *word = nginx_node_word(listen, 1);
	struct draft_endpoint at = {0};
	char text[256];

	if (is_unix(to->host) || is_unix(word))
		return is_unix(to->host) && is_unix(word) && is_same_socket(to->host, word);
	snprintf(text, sizeof(text), "%s", word);
	if (nginx_node_has(listen, "udp") || nginx_node_has(listen, "quic") ||
	    nginx_listen_parse(text, 80, &at) < 0 || !draft_endpoint_is_loopback(to->host) ||
	    to->ports.first < at.ports.first || to->ports.first > at.ports.last)
		return false;
	return !at.host || draft_endpoint_is_same_host(to->host, at.host);
}

const struct nginx_node *
nginx_listen_find(const struct nginx_node *root, const struct nginx_node *after,
		  const struct draft_endpoint *to)
{
	bool is_behind = !after;

	for (const struct nginx_node *context = root->first; context; context = context->next) {
		if (!nginx_node_is(context, "http") && !nginx_node_is(context, "stream"))
			continue;
		for (const struct nginx_node *server = context->first; server;
		     server = server->next) {
			const struct nginx_node *node = server->first;

			if (!nginx_node_is(server, "server"))
				continue;
			for (; is_behind && node; node = node->next)
				if (nginx_node_is(node, "listen") && reaches(to, node))
					return node;
			is_behind |= server == after;
		}
	}
	return NULL;
}

bool
nginx_listen_is_inner(const struct nginx_node *root, const char *socket)
{
	for (const struct nginx_node *node = nginx_tree_next(root, root); node;
	     node = nginx_tree_next(node, root)) {
		for (size_t i = 1; !nginx_node_is(node, "listen") && i < node->count; i++) {
			const char *at = strstr(node->words[i], "unix:");

			if (at && is_same_socket(at, socket))
				return true;
		}
	}
	return false;
}
