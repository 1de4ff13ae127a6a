/*
 * What a packet is to a service: the side of the proxy that it is on, and its ends. A packet in a tunnel
 * to a server is what the inner one is.
 */
#ifndef VCAP_SIGHTING_H
#define VCAP_SIGHTING_H

#include "filter/service.h"
#include "packet/dissect.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stdint.h>

struct sighting {
	enum side side;
	/* Which is the variable end, which differs from client to client: the one opposite to the VIP or
	 * server that the packet matched. Meaningless for SIDE_OTHER. */
	bool source_varies;
	bool shows_client;  /* on the server side: that end is the client */
	struct tuple tuple; /* of the packet, or of the one in the tunnel */
};

/* Fills in *sighting. False if the packet is not IP, its link type is not in linktype.h, or it is cut short
 * (dissect.h; also in what has to be read to look into a tunnel); *sighting is undefined then. */
bool sighting_make(struct sighting *sighting, const struct service *service,
		   const struct packet *packet, uint16_t linktype);

/*
 * The side of a packet with these ends that is in no tunnel. An ICMP error is on the side of the packet
 * it quotes. A later fragment is matched by its addresses alone, so never by `monitor PROTO/PORT` and
 * `monitor icmp`. Monitors that are judged per connection are not looked at.
 */
enum side sighting_side(const struct service *service, const struct tuple *tuple);

/* The same, and the variable end. If both ends match, the destination counts as the match.
 * *source_varies is meaningless for SIDE_OTHER. */
enum side sighting_ends(const struct service *service, const struct tuple *tuple,
			bool *source_varies);

#endif
