/*
 * A socket of every address counts for loopback addresses only: another address may be another
 * host's. Only TCP is followed; nothing hands on to QUIC. In `unix:PATH:/URI` the path ends at the
 * second colon.
 */
#include "import/nginx_listen.h"

#include "base/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One of them. Every server of every block is looked for here, so it is parsed once. */
struct nginx_listening {
	const struct nginx_node *node;
	char *host; /* heap; NULL: every address, or node is of a Unix socket */
	unsigned first, last;
};

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

/* Adds a listen directive, if a connection from the host itself may reach it. */
static int
add(struct nginx_listens *listens, const struct nginx_node *node)
{
	const char *word = nginx_node_word(node, 1);
	struct nginx_listening listening = {.node = node};
	struct draft_endpoint at = {0};
	char text[256];

	snprintf(text, sizeof(text), "%s", word);
	if (!is_unix(word)) {
		if (nginx_node_has(node, "udp") || nginx_node_has(node, "quic") ||
		    nginx_listen_parse(text, 80, &at) < 0 ||
		    (at.host && !draft_endpoint_is_loopback(at.host)))
			return 0;
		listening.first = at.ports.first;
		listening.last = at.ports.last;
	}
	if (array_grow(&listens->list, listens->count, sizeof(listening)) < 0 ||
	    (at.host && !(listening.host = strdup(at.host))))
		return -1;
	listens->list[listens->count++] = listening;
	return 0;
}

int
nginx_listens_find(struct nginx_listens *listens, const struct nginx_node *root)
{
	for (const struct nginx_node *context = root->first; context; context = context->next) {
		if (!nginx_node_is(context, "http") && !nginx_node_is(context, "stream"))
			continue;
		for (const struct nginx_node *server = context->first; server;
		     server = server->next)
			for (const struct nginx_node *node = server->first;
			     nginx_node_is(server, "server") && node; node = node->next)
				if (nginx_node_is(node, "listen") && add(listens, node) < 0)
					return -1;
	}
	return 0;
}

void
nginx_listens_release(struct nginx_listens *listens)
{
	for (size_t i = 0; i < listens->count; i++)
		free(listens->list[i].host);
	free(listens->list);
	*listens = NGINX_LISTENS_INIT;
}

/* Whether a connection to this end goes there. */
static bool
reaches(const struct draft_endpoint *to, const struct nginx_listening *at)
{
	const char *word = nginx_node_word(at->node, 1);

	if (is_unix(to->host) || is_unix(word))
		return is_unix(to->host) && is_unix(word) && is_same_socket(to->host, word);
	return to->ports.first >= at->first && to->ports.first <= at->last &&
	       (!at->host || draft_endpoint_is_same_host(to->host, at->host));
}

const struct nginx_node *
nginx_listens_next(const struct nginx_listens *listens, size_t *place,
		   const struct draft_endpoint *to)
{
	const struct nginx_node *found = NULL;

	if (!is_unix(to->host) && !draft_endpoint_is_loopback(to->host))
		return NULL;
	while (!found && *place < listens->count) {
		const struct nginx_listening *at = &listens->list[(*place)++];

		if (reaches(to, at))
			found = at->node;
	}
	while (found && *place < listens->count &&
	       listens->list[*place].node->parent == found->parent)
		++*place;
	return found;
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
