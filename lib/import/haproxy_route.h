/*
 * The backends that connections to a frontend of HAProxy can end up in: those that its lines name,
 * and, where a server is another frontend of the same configuration, those of that one in turn.
 */
#ifndef VCAP_HAPROXY_ROUTE_H
#define VCAP_HAPROXY_ROUTE_H

#include "import/haproxy_names.h"
#include "import/haproxy_sections.h"
#include "import/haproxy_server.h"
#include "import/haproxy_socket.h"

#include <stdbool.h>
#include <stddef.h>

/* What a frontend on the way knows of the client; the worst last. */
enum haproxy_client {
	HAPROXY_CLIENT_SEEN,    /* its address, as that of the connection or of a PROXY header */
	HAPROXY_CLIENT_WRITTEN, /* its address, from a header of the requests */
	HAPROXY_CLIENT_LOST,
};

/* A backend, and the frontend that uses it. */
struct haproxy_stop {
	const struct haproxy_section *backend, *front;
	enum haproxy_client client;     /* as the frontend knows it */
	const struct haproxy_stop *via; /* which led to the frontend; NULL: none, or several that
					 * write different headers */
};

struct haproxy_route {
	const struct haproxy_conf *conf;
	const struct haproxy_sockets *sockets;
	struct haproxy_maps *maps;
	struct draft *draft; /* for warnings and comments */
	struct haproxy_stop *stops;
	size_t stop_count;
};

/* Follows a frontend or listen section. The members before stops are set and borrowed; the caller
 * frees stops in any case. -1: out of memory. */
int haproxy_route_follow(struct haproxy_route *route, const struct haproxy_section *front);

/* Appends to headers those in which requests to the backend name their client. */
void haproxy_route_headers(const struct haproxy_route *route, const struct haproxy_stop *stop,
			   struct strvec *headers);

/* Whether connections to a server identify the client; has_header: their requests have such a
 * header. */
bool haproxy_route_is_linked(const struct haproxy_stop *stop, const struct haproxy_server *server,
			     bool has_header);

#endif
