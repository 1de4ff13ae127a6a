/*
 * A virtual service, as vcap-service(5) describes it: its VIPs, servers, monitors and engines. The side of
 * a packet is sighting.h's.
 */
#ifndef VCAP_SERVICE_H
#define VCAP_SERVICE_H

#include "base/failure.h"
#include "base/strvec.h"
#include "filter/endpoint.h"
#include "filter/service_from.h"
#include "filter/service_tunnel.h"
#include "packet/addrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum monitor_kind {
	MONITOR_PORT, /* `monitor tcp/8081`: to or from a server, at this port of it */
	MONITOR_FROM, /* `monitor from ADDR`: from ADDR to servers, and the replies */
	MONITOR_ICMP, /* `monitor icmp`: echo to servers and the replies */
	/* Judged per connection, by vcap-join: */
	MONITOR_EMPTY,
	MONITOR_HTTP,
	MONITOR_LOCAL,
};

struct monitor {
	enum monitor_kind kind;
	struct endpoint where; /* MONITOR_PORT: protocol and ports; MONITOR_FROM: addresses */
	char *path;            /* MONITOR_HTTP */
};

/* A `header` line: the header in which engines tell servers a request's client. */
struct service_header {
	char *name;    /* heap; NULL: it is not said; SERVICE_HEADER_NONE: no header tells it */
	unsigned hops; /* the client is that many values from the end; 1 to SERVICE_HOPS_MAX */
};
#define SERVICE_HEADER_NONE "none"
#define SERVICE_HOPS_MAX    8u

struct service {
	char *name;
	struct endpoint *vips;
	size_t vip_count;
	struct endpoint *servers;
	size_t server_count;
	struct monitor *monitors;
	size_t monitor_count;
	struct addrset sources; /* sealed; addresses of engines towards servers; empty: any */
	bool has_no_payload; /* captures keep the headers alone, unless they are asked for more */
	/* Servers see the client's own address: `source client`, or all are via ipip or gre. */
	bool source_client;
	struct service_header header;
	struct service_from from;
	/* vips and servers again, in groups to compare packets with; servers behind tunnels apart. */
	struct endpoint_group *vip_groups, *server_groups;
	size_t vip_group_count, server_group_count;
	struct service_tunnels tunnels;
	struct addrset server_addresses;  /* sealed; of all servers */
	struct addrset checked_addresses; /* sealed; of those whose checks are in no tunnel */
	struct addrset addresses;         /* sealed; of all VIPs and servers */
	struct addrset monitor_addresses; /* sealed; of all `monitor from` */
	char **engines;
	size_t engine_count;
	struct strvec aliases; /* other names (service_alias.h) */
};

#define SERVICE_INIT ((struct service){0})

enum monitor_mode { MONITORS_NONE, MONITORS_INCLUDE, MONITORS_ONLY };

/* The order is that of precedence: monitor before server before client. */
enum side { SIDE_MONITOR, SIDE_SERVER, SIDE_CLIENT, SIDE_OTHER };

/* Parses the words of a `header` line, of which hops may be NULL. header is written to without being
 * released, and unchanged on failure. */
int service_header_parse(struct service_header *header, const char *name, const char *hops,
			 struct failure *why);

/* As service_header_parse, of `NAME` or `NAME HOPS`. */
int service_header_read(struct service_header *header, const char *text, struct failure *why);

/* Takes the lines with this keyword out of text: engines of older releases do not know all of them. */
void service_remove(char *text, const char *keyword);

/* Frees all it holds; service is as SERVICE_INIT then. */
void service_release(struct service *service);

/* Parses text, which has to have a `vip` line. Messages begin with "FILE:LINE: "; name is copied.
 * service is written to without being released; on failure it is as SERVICE_INIT. */
int service_parse(struct service *service, const char *name, const char *text, const char *file,
		  struct failure *why);

/* Whether the address is one of an engine's own, as far as the service says: a source, a VIP, or the
 * loopback's. */
bool service_is_engine(const struct service *service, struct addr addr);

/* Whether packets of this side pass -m; SIDE_OTHER never does. */
bool service_wants(enum side side, enum monitor_mode mode);

/* "client", "server", "monitor", "other"; static. */
const char *service_side_name(enum side side);

/* Parses "none", "include" or "only". On failure mode is unchanged. */
int service_parse_mode(const char *word, enum monitor_mode *mode, struct failure *why);

#endif
