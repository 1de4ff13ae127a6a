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

/* The listen directive of a server block, behind the server block `after` (NULL: from the first one
 * on), to which a connection goes: to a loopback address and port, or with a host `unix:PATH` to a
 * socket. NULL: there is none. Its parent is the server block. */
const struct nginx_node *nginx_listen_find(const struct nginx_node *root,
					   const struct nginx_node *after,
					   const struct draft_endpoint *to);

/* Whether a directive other than listen has the socket, `unix:PATH`. */
bool nginx_listen_is_inner(const struct nginx_node *root, const char *socket);

#endif
