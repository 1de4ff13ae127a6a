/*
 * The sockets that a HAProxy configuration listens at, and which servers are one of them: a frontend
 * may hand on to another one of the same configuration, by a Unix socket, an abstract one, or an
 * address of the host (its manual, "bind", "unix-bind" and the address formats).
 */
#ifndef VCAP_HAPROXY_SOCKET_H
#define VCAP_HAPROXY_SOCKET_H

#include "import/haproxy_sections.h"

#include <stdbool.h>
#include <stddef.h>

/* One address of a bind line. */
struct haproxy_socket {
	const struct haproxy_section *section; /* which listens there */
	const struct haproxy_line *line;
	char *word;               /* as the line has it */
	char *text;               /* as an address of a server line would name it */
	struct draft_ports ports; /* protocol NULL: not of IP, or malformed */
	bool is_inner;            /* not of IP, and some server of the configuration names it */
};

struct haproxy_sockets {
	struct haproxy_socket *list;
	size_t count;
};

/* Collects those of every frontend and listen section. -1: out of memory. The caller releases
 * sockets in any case, before conf. */
int haproxy_sockets_collect(struct haproxy_sockets *sockets, const struct haproxy_conf *conf,
			    struct failure *why);
void haproxy_sockets_release(struct haproxy_sockets *sockets);

/* The socket that a server of this address connects to; NULL: none of the configuration's own. A
 * socket of every address counts for loopback addresses only: others may be another host's. */
const struct haproxy_socket *haproxy_sockets_find(const struct haproxy_sockets *sockets,
						  const char *address);

/* Whether the address is a Unix or abstract socket's, or a loopback address: nothing of it is on a
 * wire. */
bool haproxy_socket_is_inside(const char *address);

#endif
