/*
 * The ends of a packet: what of its headers decides where it belongs. This is the user-space twin
 * of the programs that filter.h makes, and the two must agree packet for packet (tests/unit).
 *
 * VLAN tags (0, 1 or 2; 0x8100, 0x88a8, 0x9100) are passed over. In IPv6 up to four extension
 * headers are passed over (hop-by-hop, routing, fragment, destination options); beyond that only
 * addresses count. The ports of a later fragment are not known.
 *
 * A field that lies beyond caplen makes the whole packet one without ends, as a load beyond the
 * packet ends a BPF program with "no match". The fields that are looked at: the link header, the
 * IP header and extension headers, the ports of TCP, UDP and SCTP, the type of ICMP and ICMPv6,
 * and in an error of theirs the same fields of the packet it quotes.
 */
#ifndef VCAP_DISSECT_H
#define VCAP_DISSECT_H

#include "packet/addrset.h"
#include "packet/ipproto.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stdint.h>

#define DISSECT_VLAN_TAGS  2 /* passed over at most */
#define DISSECT_EXTENSIONS 4

struct tuple {
	uint8_t protocol;    /* IP protocol number; 58 for ICMPv6 */
	bool has_ports;      /* TCP, UDP or SCTP */
	bool only_addresses; /* a later fragment, or beyond four extension headers */
	bool is_quoted;      /* these are the ends that an ICMP error quotes */
	uint8_t icmp_type;   /* of an ICMP/ICMPv6 packet that is no error */
	bool has_icmp_type;
	uint16_t source_port, destination_port;
	struct addr source, destination;
	/* Where the transport's payload starts and the captured bytes that remain (link-layer
	 * padding not among them); NULL unless has_ports, not quoted and the whole transport header
	 * was captured. transport is where its header starts, payload_wire the bytes of payload
	 * that were on the wire. */
	const unsigned char *payload, *transport;
	uint32_t payload_len, payload_wire;
};

/* Fills *tuple from a packet of any link type in packet.h; false if it is not IP or is cut short
 * as said above. For an ICMP error the tuple is that of the quoted packet, with is_quoted. */
bool dissect_packet(const struct packet *packet, uint16_t linktype, struct tuple *tuple);

/* Only the packet's own addresses, as it stands, which need nothing beyond the IP header; an ICMP
 * error is not looked into. The rest of *tuple is zero. */
enum dissect_outcome { DISSECT_FOUND, DISSECT_NOT_IP, DISSECT_CUT };
enum dissect_outcome dissect_addresses(const struct packet *packet, uint16_t linktype,
				       struct tuple *tuple);

/* The VLAN tags of a frame, DISSECT_VLAN_TAGS + 1 if there are more than that; -1 if it is cut
 * short.
 */
int dissect_vlan_tags(const struct packet *packet, uint16_t linktype);

/* The protocol and port (ICMP: type; else 0) of one end as one number, so that a protocol with a
 * range of ports is an interval; TUPLE_KEY_ANY when only addresses are known. */
#define TUPLE_KEY(protocol, port) ((uint32_t)(protocol) << 16 | (uint32_t)(port))
#define TUPLE_KEY_ANY             (UINT32_C(1) << 24)
#define TUPLE_ECHO_REQUEST        TUPLE_KEY(PROTOCOL_ICMP, 8)
#define TUPLE_ECHO_REPLY          TUPLE_KEY(PROTOCOL_ICMP, 0)
#define TUPLE_ECHO_REQUEST6       TUPLE_KEY(PROTOCOL_ICMPV6, 128)
#define TUPLE_ECHO_REPLY6         TUPLE_KEY(PROTOCOL_ICMPV6, 129)
uint32_t tuple_source_key(const struct tuple *tuple);
uint32_t tuple_destination_key(const struct tuple *tuple);

#endif
