/*
 * The servers that an nginx server block passes requests and connections to: the addresses behind
 * proxy_pass and the like for FastCGI, uwsgi, SCGI, gRPC and memcached.
 */
#ifndef VCAP_NGINX_PASS_H
#define VCAP_NGINX_PASS_H

#include "import/draft.h"
#include "import/nginx_tree.h"

#include <stdbool.h>

/* A server block that is being imported. */
struct nginx_server {
	const struct nginx_node *root;    /* of the configuration */
	const struct nginx_node *context; /* the http or stream block that it is in */
	const struct nginx_node *node;
	struct draft *draft;
	bool is_stream, has_tcp, has_udp; /* has_*: what it listens for */
	unsigned variables;               /* looked up so far */
};

/* Adds the server lines and sources of every pass directive in the server block. */
void nginx_pass_add(struct nginx_server *server);

/* The upstream of this name in the server's context; NULL: none. */
const struct nginx_node *nginx_pass_upstream(const struct nginx_server *server, const char *name);

/* Parses [ADDRESS:]PORTS or ADDRESS, in place, into host, family and ports of endpoint; host points
 * into text. fallback is the default port (0: there must be one). -1: malformed; endpoint and text
 * are undefined. */
int nginx_pass_parse_address(char *text, unsigned fallback, struct draft_endpoint *endpoint);

#endif
