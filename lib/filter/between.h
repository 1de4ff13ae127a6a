/*
 * The packets between two ends: those of one conversation of a capture, or of several.
 */
#ifndef VCAP_BETWEEN_H
#define VCAP_BETWEEN_H

#include "base/failure.h"
#include "filter/service.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct between_pair {
	struct addr addrs[2];
	uint16_t ports[2]; /* 0: any, and none */
	int protocol;      /* an IP protocol; -1: any */
};

struct between {
	struct between_pair *list; /* heap, owned */
	size_t count;
};

#define BETWEEN_INIT ((struct between){0})

/* Frees the list; between is BETWEEN_INIT afterwards. */
void between_release(struct between *between);

/* Adds two ends, `ADDRESS[:PORT],ADDRESS[:PORT][,PROTOCOL]`, of IPv6 with a port `[ADDRESS]:PORT`, the protocol by
 * its number or as tcp, udp, sctp, icmp or icmpv6. -1 with why; between is unchanged. */
int between_add(struct between *between, const char *text, struct failure *why);

/* Whether the packet goes from one end of a pair to the other, or back, or is an ICMP error about one that
 * does. The service, NULL: none, knows what is inside of tunnels. */
bool between_has(const struct between *between, const struct service *service,
		 const struct packet *packet, uint16_t linktype);

#endif
