/*
 * The ends of a packet: what of its headers decides where it belongs. This is the user-space twin
 * of the programs that filter.h makes, and the two must agree packet for packet (tests/unit).
 *
 * VLAN tags (0, 1 or 2; 0x8100, 0x88a8, 0x9100) are passed over. In IPv6 up to four extension
 * headers are passed over (hop-by-hop, routing, fragment, destination options); beyond that only
 * addresses count. The ports of a later fragment are not known.
 */
#ifndef VCAP_TUPLE_H
#define VCAP_TUPLE_H

#include "addrset.h"
#include "packet.h"

#include <stdbool.h>
#include <stdint.h>

struct tuple {
	uint8_t protocol;  /* IP protocol number; 58 for ICMPv6 */
	bool has_ports;    /* TCP, UDP or SCTP, first fragment, ports within caplen */
	bool is_fragment;  /* a later fragment: only addresses are known */
	bool is_quoted;    /* these are the ends that an ICMP error quotes */
	uint8_t icmp_type; /* of an ICMP/ICMPv6 packet that is no error */
	bool has_icmp_type;
	uint16_t source_port, destination_port;
	struct addr source, destination;
	/* Where the transport's payload starts and the captured bytes that remain; NULL unless
	 * has_ports and the whole transport header was captured. */
	const unsigned char *payload;
	uint32_t payload_len;
};

/* Fills *tuple from a packet of any link type in packet.h; false if it is not IP or its addresses
 * were not captured. For an ICMP error the tuple is that of the quoted packet, with is_quoted. */
bool tuple_of(const struct packet *packet, uint16_t linktype, struct tuple *tuple);

#endif
