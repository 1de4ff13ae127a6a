/*
 * A virtual service: vcap-service(5). Its addresses, servers, monitors and engines, and the side of
 * the proxy a packet belongs to.
 */
#ifndef VCAP_SERVICE_H
#define VCAP_SERVICE_H

#include "addrset.h"
#include "failure.h"
#include "tuple.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One `vip` or `server` line: addresses, and optionally a protocol and ports. */
struct endpoint {
	uint8_t family;                 /* 4 or 6 */
	uint8_t protocol;               /* 0: any */
	uint16_t port_first, port_last; /* 0-65535 when none was given */
	struct interval addresses;
};

enum monitor_kind {
	MONITOR_PORT, /* `monitor tcp/8081`: to or from a server, this protocol and ports */
	MONITOR_FROM, /* `monitor from ADDR`: what ADDR sends to servers, and the replies */
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

struct service {
	char *name;
	struct endpoint *vips;
	size_t vip_count;
	struct endpoint *servers;
	size_t server_count;
	struct monitor *monitors;
	size_t monitor_count;
	struct addrset sources; /* sealed; the addresses engines use towards servers; empty: any */
	bool source_client;     /* servers see the client's own address */
	char **engines;
	size_t engine_count;
};

#define SERVICE_INIT ((struct service){0})

enum monitor_mode { MONITORS_NONE, MONITORS_INCLUDE, MONITORS_ONLY };

/* The order is that of precedence: monitor before server before client. */
enum side { SIDE_MONITOR, SIDE_SERVER, SIDE_CLIENT, SIDE_OTHER };

void service_release(struct service *service);

/* Reads a service from text. file is what messages call it ("FILE:LINE: ..."); name is copied. At
 * least one vip is required. -1: service is as SERVICE_INIT. */
int service_parse(struct service *service, const char *name, const char *text, const char *file,
		  struct failure *why);

/* The side of a packet with these ends. An ICMP error goes with what it quotes; a later fragment
 * matches by addresses alone. Connection-level monitors are not judged here. */
enum side service_side(const struct service *service, const struct tuple *tuple);

/* Whether -m lets a packet of this side through (SIDE_OTHER never passes). */
bool service_wants(enum side side, enum monitor_mode mode);

/* "client", "server", "monitor", "other". */
const char *service_side_name(enum side side);

/* Reads "none", "include" or "only". */
int service_parse_mode(const char *word, enum monitor_mode *mode, struct failure *why);

#endif
