/*
 * The dissector: from a packet's headers to its tuple of protocol, addresses and ports. It must
 * agree, packet for packet, with the BPF programs of the filter compiler (tests/unit/filter).
 *
 * Up to two VLAN tags are skipped (0x8100, 0x88a8, 0x9100), and up to four IPv6 extension headers
 * (hop-by-hop, routing, fragment, destination options); after more than four, and in a fragment
 * that is not the first, only the addresses are known.
 *
 * A packet in which one of these fields lies beyond caplen has no tuple, as a load beyond caplen
 * rejects it in BPF: the link header, the IP header and extension headers, the ports of TCP, UDP
 * and SCTP, the type of ICMP and ICMPv6, and in an ICMP error the same fields of the packet that it
 * quotes.
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
	bool only_addresses; /* a fragment but the first, or more than four extension headers */
	bool is_quoted;      /* of the packet that an ICMP error quotes */
	uint8_t icmp_type;   /* of an ICMP/ICMPv6 packet that is not an error */
	bool has_icmp_type;
	uint16_t source_port, destination_port;
	struct addr source, destination;
	/* The transport header and its payload in the packet's data; NULL unless has_ports is set,
	 * is_quoted is not and the whole transport header was captured. payload_len are the bytes
	 * of payload that were captured, payload_wire those on the wire, both without padding of
	 * the link layer. */
	const unsigned char *payload, *transport;
	uint32_t payload_len, payload_wire;
};

/* Fills *tuple from a packet of this link type. False if it is not IP, the link type is not in
 * linktype.h or the packet is cut short as said above; *tuple is undefined then. For an ICMP error
 * the tuple is that of the quoted packet, with is_quoted. */
bool dissect_packet(const struct packet *packet, uint16_t linktype, struct tuple *tuple);

/* Whether an ICMP message of that type, of IPv4 or IPv6, is an error, which quotes a packet. */
bool dissect_is_icmp_error(uint8_t family, uint32_t type);

enum dissect_outcome {
	DISSECT_FOUND,
	DISSECT_NOT_IP, /* or of a link type that is not in linktype.h */
	DISSECT_CUT,    /* a field lies beyond caplen */
};

/* Fills only the addresses of *tuple, from the outermost IP header, also for an ICMP error; the
 * rest is zero. */
enum dissect_outcome dissect_addresses(const struct packet *packet, uint16_t linktype,
				       struct tuple *tuple);

/* The shape of a packet's link header (linktype.h); linktype_shapes() if it has another; -1 if it is
 * cut short. */
int dissect_shape(const struct packet *packet, uint16_t linktype);

/* Where the network header begins, and its family, 4 or 6; undefined unless DISSECT_FOUND. */
enum dissect_outcome dissect_network(const struct packet *packet, uint16_t linktype, uint32_t *at,
				     uint8_t *family);

/* Protocol and port as one number, so that a protocol with a range of ports is an interval of
 * numbers. In place of a port: the type of ICMP and ICMPv6, 0 for other protocols. TUPLE_KEY_ANY if
 * only the addresses are known. */
#define TUPLE_KEY(protocol, port) ((uint32_t)(protocol) << 16 | (uint32_t)(port))
#define TUPLE_KEY_ANY             (UINT32_C(1) << 24)
#define TUPLE_ECHO_REQUEST        TUPLE_KEY(PROTOCOL_ICMP, 8)
#define TUPLE_ECHO_REPLY          TUPLE_KEY(PROTOCOL_ICMP, 0)
#define TUPLE_ECHO_REQUEST6       TUPLE_KEY(PROTOCOL_ICMPV6, 128)
#define TUPLE_ECHO_REPLY6         TUPLE_KEY(PROTOCOL_ICMPV6, 129)

/* Neighbour discovery (RFC 4861, 4): types of ICMPv6 that a link has of its own, as ARP is IPv4's. */
#define ICMPV6_ND_FIRST 133
#define ICMPV6_ND_LAST  137

/* The keys of a tuple's source and destination. */
uint32_t tuple_source_key(const struct tuple *tuple);
uint32_t tuple_destination_key(const struct tuple *tuple);

#endif
