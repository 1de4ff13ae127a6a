/*
 * The servers that an nginx server block passes requests and connections to: the addresses behind
 * proxy_pass and the like for FastCGI, uwsgi, SCGI, gRPC and memcached.
 */
#ifndef VCAP_NGINX_PASS_H
#define VCAP_NGINX_PASS_H

#include "import/draft.h"
#include "import/nginx_ingress.h"
#include "import/nginx_listen.h"
#include "import/nginx_tree.h"

#include <stdbool.h>

/* A server block that is being imported. */
struct nginx_server {
	const struct nginx_node *root;       /* of the configuration */
	const struct nginx_listens *listens; /* its own */
	const struct nginx_node *context;    /* the http or stream block that it is in */
	const struct nginx_node *node;
	struct draft *draft;
	const struct nginx_backends *backends; /* of ingress-nginx */
	const struct nginx_server *outer;      /* the block that hands on to this one; NULL: none */
	bool is_stream, has_tcp, has_udp;      /* has_*: what it listens for */
	bool knows_client; /* the address of its connections, as nginx sees it, is the client's */
	unsigned *steps;   /* variables and blocks looked up so far, for the service's own block */
};

/* Adds the server lines and sources of every pass directive in the server block. */
void nginx_pass_add(struct nginx_server *server);

/* The upstream of this name in the server's context; NULL: none. */
const struct nginx_node *nginx_pass_upstream(const struct nginx_server *server, const char *name);

/* The directive by which code chooses the servers of an upstream, whose own are then only there for
 * nginx to start with; NULL: there is none. */
const struct nginx_node *nginx_pass_code(const struct nginx_node *upstream);

#endif
