/*
 * Where the headers of a packet end and its payload begins.
 */
#ifndef VCAP_HEADERS_H
#define VCAP_HEADERS_H

#include "packet/packet.h"

#include <stdint.h>

/*
 * How many of a packet's captured bytes are headers: those of the link layer, of IP with its extension
 * headers, and of TCP, UDP or SCTP. Of an ICMP error it is the headers that it quotes, too; of another
 * ICMP message eight bytes, but all of neighbour discovery, as of ARP. Of a packet in a usual
 * tunnel (tunnel.h) it is those of both, with what is between them. Of a later fragment, and of
 * protocols that are not known, it is the IP header; of what is not IP the link header. 0 for a link type
 * that is not in linktype.h.
 */
uint32_t headers_length(const struct packet *packet, uint16_t linktype);

/* Cuts a packet to its headers; its length on the wire stays. */
static inline void
headers_cut(struct packet *packet, uint16_t linktype)
{
	packet->caplen = headers_length(packet, linktype);
}

#endif
