/*
 * Code that parses the headers of a packet, as dissect_packet() does.
 */
#ifndef VCAP_PARSE_HEADERS_INT_H
#define VCAP_PARSE_HEADERS_INT_H

#include "filter/emit-int.h"

#include <stdint.h>

/* Finds the network header behind link header and VLAN tags, loads its offset into X and continues
 * by its family; other packets continue at e->not_ip. */
label parse_headers_find_network(struct emit *e, struct by_family next);

/* Stores the TUPLE_KEYs of both ends in M[]. Of an ICMP error they are those of the packet it
 * quotes, and X moves to that. Packets without an address of e->ends continue at e->miss before. */
label parse_headers_store_keys(struct emit *e, uint8_t family, label next);

/* The same for a packet in a tunnel: one whose addresses were not captured is always rejected. */
label parse_headers_store_inner_keys(struct emit *e, uint8_t family, label next);

#endif
