/*
 * The servers of a service that are behind tunnels, `server ... via` of vcap-service(5), by tunnel.
 *
 * Of IPIP and GRE a server is the far end, which is an address of the outer packet; the inner one is
 * to or from a VIP, and has the protocol and port of the line at that end. Of VXLAN and Geneve it is an end
 * of the inner packet.
 */
#ifndef VCAP_SERVICE_TUNNEL_H
#define VCAP_SERVICE_TUNNEL_H

#include "base/failure.h"
#include "filter/endpoint.h"
#include "packet/addrset.h"
#include "packet/tunnel.h"

#include <stddef.h>

struct service_tunnel {
	struct endpoint_group *groups; /* of the servers */
	size_t group_count;
	/* Sealed: those of which each inner packet has one at an end: the servers', or the VIPs'. */
	struct addrset addresses;
};

struct service_tunnels {
	struct tunnel *vias;         /* each once */
	struct service_tunnel *list; /* the servers behind each */
	size_t count;
};

/* Makes them of all servers of a service. tunnels is zero; on failure it is valid. */
int service_tunnels_make(struct service_tunnels *tunnels, const struct endpoint *servers,
			 size_t server_count, const struct endpoint *vips, size_t vip_count,
			 struct failure *why);

/* Frees all it holds; tunnels is zero then. */
void service_tunnels_release(struct service_tunnels *tunnels);

/* Parses the words of a server line from `via` on. On failure via is unchanged. */
int service_tunnel_parse(struct tunnel *via, char *const *words, size_t count, struct failure *why);

#endif
