/*
 * Addresses and servers in a HAProxy configuration (its manual, "Address formats" and
 * "Server and default-server options").
 */
#ifndef VCAP_HAPROXY_SERVER_H
#define VCAP_HAPROXY_SERVER_H

#include "base/failure.h"
#include "import/draft.h"
#include "import/haproxy_sections.h"

#include <stdbool.h>

enum haproxy_port {
	HAPROXY_PORT_FIXED,
	HAPROXY_PORT_CLIENTS, /* the port that the client connected to, plus offset */
};

/* [FAMILY@]ADDRESS[:PORTS] */
struct haproxy_addr {
	char text[256];   /* which host points into: the struct must not be copied */
	const char *host; /* NULL: any address */
	int family;       /* 4 or 6 if the address or its prefix says so; else 0 */
	struct draft_ports ports;
	enum haproxy_port kind;
	int offset;
};

/* Parses any text. -1 with why: not IP, or malformed; addr is undefined then. */
int haproxy_addr_parse(struct haproxy_addr *addr, const char *word, struct failure *why);

/* The settings of a server. Strings are words of the configuration's lines. */
struct haproxy_server {
	const char *name, *address; /* name: the keyword for `dispatch` */
	bool checks, ssl, check_ssl, no_check_ssl, check_proxy, agent, is_disabled;
	unsigned proxy;                  /* version of the PROXY protocol; 0: none */
	unsigned check_port, agent_port; /* 0: not given */
	const char *proto, *check_proto; /* NULL: not given */
	const char *check_addr;          /* may have a port; NULL: the server's own */
	const char *agent_addr;          /* of agent checks; NULL: the server's own */
	const char *socks;               /* address of a SOCKS proxy; NULL: none */
	const char *unknown_port;        /* a check port that is not a number; NULL: none */
	char source[64];                 /* for draft_add_source; empty: not known */
};

/* Applies the words (NULL-ended) after `source`: an address, and optionally `usesrc` and its
 * value. */
void haproxy_server_set_source(struct haproxy_server *server, char *const *words);
/* Applies the settings (NULL-ended) of a server or default-server line; they override those set
 * before. */
void haproxy_server_apply(struct haproxy_server *server, char *const *words);
/* Applies the words (NULL-ended) of a server, server-template or dispatch line; they override
 * settings applied before. false: it is none of these; server is unchanged. */
bool haproxy_server_read(struct haproxy_server *server, char *const *words);
/* Reads a line of the section with all settings that apply to it: those of the section's `source`
 * line, then of all default-server lines above, the inherited ones first, and its own; later ones
 * override earlier ones. false: the line is no server; server is undefined. */
bool haproxy_server_of_line(struct haproxy_server *server, const struct haproxy_section *section,
			    const struct haproxy_line *line);
/* Whether a protocol (NULL: none) is another one than HTTP, with binary framing. */
bool haproxy_server_is_framed(const char *proto);

#endif
