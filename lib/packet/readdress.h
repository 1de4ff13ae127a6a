/*
 * Puts pseudonyms (pseudonym.h) in the place of all addresses of a packet without payload: in the link
 * header, in IP with its extension headers, in ARP, in ICMP with what it quotes, in neighbour discovery, and in
 * a packet that is in a usual tunnel (tunnel.h), whose options of Geneve become zeros; and mends the checksums, so that those that were right are, and those that were wrong are not. The options
 * of IPv4, and those of TCP that tell addresses, become no-operations.
 */
#ifndef VCAP_READDRESS_H
#define VCAP_READDRESS_H

#include "packet/pseudonym.h"

#include <stdint.h>

/*
 * Changes data, caplen bytes that headers_length has left of a packet of this link type and length on the
 * wire. Returns how many bytes may be kept: fewer, where a header is cut short in which addresses may
 * stand, and none of a packet that is not understood.
 */
uint32_t readdress_packet(struct pseudonyms *pseudonyms, unsigned char *data, uint32_t caplen,
			  uint32_t len, uint16_t linktype);

#endif
