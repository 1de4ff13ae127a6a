/*
 * Where nginx's server blocks listen, and which of them an address of a pass directive leads to: a
 * block may hand on to another one of the same configuration, by a Unix socket or an address of the
 * host.
 */
#ifndef VCAP_NGINX_LISTEN_H
#define VCAP_NGINX_LISTEN_H

#include "import/draft_endpoint.h"
#include "import/nginx_tree.h"

#include <stdbool.h>

/* Parses [ADDRESS:]PORTS or ADDRESS, in place, into host, family and ports of endpoint; host points
 * into text. fallback is the default port (0: there must be one). -1: malformed; endpoint and text
 * are undefined. */
int nginx_listen_parse(char *text, unsigned fallback, struct draft_endpoint *endpoint);

/* The listen directives that a connection from the host itself may reach, in the order of the
 * configuration: Unix sockets, loopback addresses, and every address. */
struct nginx_listens {
	struct nginx_listening *list;
	size_t count;
};

#define NGINX_LISTENS_INIT ((struct nginx_listens){0})

/* Finds those of a configuration, which must stay as it is until nginx_listens_release. -1: out of
 * memory; listens is released by the caller in any case. */
int nginx_listens_find(struct nginx_listens *listens, const struct nginx_node *root);
void nginx_listens_release(struct nginx_listens *listens);

/* The next listen directive to which a connection goes: to a loopback address and port, or with a
 * host `unix:PATH` to a socket. *place, 0 at first, is moved behind its server block, which is its
 * parent. NULL: there is none. */
const struct nginx_node *nginx_listens_next(const struct nginx_listens *listens, size_t *place,
					    const struct draft_endpoint *to);

/* Whether a directive other than listen has the socket, `unix:PATH`. */
bool nginx_listen_is_inner(const struct nginx_node *root, const char *socket);

#endif
