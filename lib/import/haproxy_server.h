/*
 * Addresses and servers as a HAProxy configuration writes them (its manual, "Address formats" and
 * "Server and default-server options").
 */
#ifndef VCAP_HAPROXY_SERVER_H
#define VCAP_HAPROXY_SERVER_H

#include "base/failure.h"
#include "import/draft.h"

#include <stdbool.h>

enum haproxy_port {
	HAPROXY_PORT_FIXED,
	HAPROXY_PORT_CLIENTS, /* the one the client talked to, plus an offset */
};

/* [FAMILY@]ADDRESS[:PORTS] */
struct haproxy_addr {
	char text[256];   /* what host points into: not to be copied */
	const char *host; /* NULL: any address */
	int family;       /* 4 or 6 where the address or its prefix says it; else 0 */
	struct draft_ports ports;
	enum haproxy_port kind;
	int offset;
};

/* -1: not of IP, or malformed, with why; `word` may hold any text. */
int haproxy_addr_parse(struct haproxy_addr *addr, const char *word, struct failure *why);

struct haproxy_server {
	const char *name, *address; /* the words of the line */
	bool checks, ssl, check_ssl, no_check_ssl, check_proxy, agent;
	unsigned proxy; /* version of the PROXY protocol; 0: none */
	unsigned check_port, agent_port;
	const char *proto, *check_proto; /* NULL: not said */
	const char *check_addr;          /* NULL: the server's own; may have a port */
	const char *socks;               /* the proxy on the way to it; NULL: none */
	const char *unknown_port;        /* of checks: what is no number; NULL: none */
	char source[64];                 /* as draft_source takes it; empty: not known */
};

/* The words after `source`: an address, perhaps followed by `usesrc`. */
void haproxy_server_set_source(struct haproxy_server *server, char *const *words);
/* Settings of a server or default-server line. */
void haproxy_server_apply(struct haproxy_server *server, char *const *words);
/* The settings of the server that this line (NULL-ended) is: false if it is none. Settings that
 * hold already stay unless the line has others. */
bool haproxy_server_read(struct haproxy_server *server, char *const *words);
/* Whether a protocol is HTTP/2 or another that does not show its requests as lines; NULL: no. */
bool haproxy_server_is_framed(const char *proto);

#endif
