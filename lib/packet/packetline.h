/*
 * A packet as a line of text, in the words of tcpdump(8): addresses and ports, the flags of TCP, the
 * length of what it carries.
 */
#ifndef VCAP_PACKETLINE_H
#define VCAP_PACKETLINE_H

#include "packet/packet.h"

#include <stdint.h>

#define PACKETLINE_MAX 480 /* bytes, with the NUL */

/* Writes the line, without a time; for example
 *
 *	IP 10.1.1.1.40001 > 192.0.2.10.80: Flags [P.], length 75
 *	IP6 2001:db8::1.40001 > 2001:db8::10.53: UDP, length 31
 *	IP 10.1.1.1 > 10.0.0.1: ICMP about 10.0.0.1.80 > 10.1.1.1.40001
 *	IP 10.0.9.1 > 10.0.1.11: ipip: IP 10.1.1.1.40001 > 192.0.2.10.80: Flags [S], length 0
 *
 * Lengths are those on the wire. What was not captured is not guessed. */
void packetline_format(const struct packet *packet, uint16_t linktype, char to[PACKETLINE_MAX]);

#endif
