/*
 * IP protocols: their numbers, and the names of those that a service can have.
 */
#ifndef VCAP_IPPROTO_H
#define VCAP_IPPROTO_H

#include <stddef.h>
#include <stdint.h>

/* The protocol numbers (IANA, "Assigned Internet Protocol Numbers") that matter here; IPv4 and IPv6
 * share them. */
enum protocol {
	PROTOCOL_HOPOPTS = 0,
	PROTOCOL_ICMP = 1,
	PROTOCOL_IPV4 = 4, /* in a tunnel */
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_IPV6 = 41, /* in a tunnel */
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_GRE = 47,
	PROTOCOL_ICMPV6 = 58,
	PROTOCOL_DSTOPTS = 60,
	PROTOCOL_SCTP = 132,
};

/* The protocol called "tcp", "udp" or "sctp", given by the first length bytes of name; 0 for any
 * other word. Lower case only. */
uint8_t ipproto_number(const char *name, size_t length);

/* The name of PROTOCOL_TCP, PROTOCOL_UDP or PROTOCOL_SCTP; NULL for any other number. Static. */
const char *ipproto_name(unsigned number);

#endif
