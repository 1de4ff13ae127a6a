/*
 * A walk along the headers that never looks beyond the captured bytes: what is cut short ends where it was
 * cut. It does not ask whether a packet is sound, since whatever it is its payload has to go.
 */
#include "packet/headers.h"

#include "packet/dissect.h"
#include "packet/linktype.h"
#include "packet/tunnel.h"

#include <stdbool.h>

#define ETHERTYPE_ARP 0x0806
#define ARP_HEADER    8 /* bytes before the addresses */
#define ICMP_HEADER   8
#define IPV4_HEADER   20
#define IPV6_HEADER   40

/* A place in the packet, and what stands there. */
struct walk {
	const struct packet *packet;
	uint32_t at;
	uint32_t
	    least; /* where the newest IP header ends at least, whatever it says of its length */
	uint8_t family, protocol;
	bool is_later_fragment;
};

/* The byte at an offset; 0 beyond those that were captured. */
static uint32_t
byte_at(const struct packet *packet, uint32_t at)
{
	return at < packet->caplen ? packet->data[at] : 0;
}

static uint32_t
half_at(const struct packet *packet, uint32_t at)
{
	return byte_at(packet, at) << 8 | byte_at(packet, at + 1);
}

static void
pass_v4(struct walk *walk)
{
	const struct packet *packet = walk->packet;
	const uint32_t size = 4 * (byte_at(packet, walk->at) & 0xf);

	walk->least = walk->at + IPV4_HEADER;
	walk->is_later_fragment = half_at(packet, walk->at + 6) & 0x1fff;
	walk->protocol = (uint8_t)byte_at(packet, walk->at + 9);
	walk->at += size;
}

/* Passes a header that may stand between those of IPv6 and of the transport. False: it is none. */
static bool
pass_extension(struct walk *walk)
{
	const struct packet *packet = walk->packet;
	uint32_t units = byte_at(packet, walk->at + 1);

	switch (walk->protocol) {
	case PROTOCOL_HOPOPTS:
	case PROTOCOL_ROUTING:
	case PROTOCOL_DSTOPTS: break;
	case PROTOCOL_FRAGMENT:
		walk->is_later_fragment = half_at(packet, walk->at + 2) & 0xfff8;
		units = 0;
		break;
	default: return false;
	}
	walk->protocol = (uint8_t)byte_at(packet, walk->at);
	walk->at += 8 + 8 * units;
	return true;
}

static void
pass_v6(struct walk *walk)
{
	walk->protocol = (uint8_t)byte_at(walk->packet, walk->at + 6);
	walk->at += IPV6_HEADER;
	for (int i = 0; i < DISSECT_EXTENSIONS && walk->at < walk->packet->caplen &&
			!walk->is_later_fragment && pass_extension(walk);
	     i++)
		;
}

static void
pass_ip(struct walk *walk)
{
	walk->is_later_fragment = false;
	if (walk->family == 4)
		pass_v4(walk);
	else
		pass_v6(walk);
}

static uint32_t
tcp_length(const struct walk *walk)
{
	const uint32_t size = byte_at(walk->packet, walk->at + 12) >> 4 << 2;

	return size < 20 ? 20 : size;
}

static bool
is_neighbour_discovery(const struct walk *walk, uint32_t type)
{
	return walk->family == 6 && type >= 133 && type <= 137;
}

/* Passes the header of an ICMP message, and those it quotes unless it is quoted itself. */
static void pass_icmp(struct walk *walk, bool is_quoted);

static void
pass_transport(struct walk *walk, bool is_quoted)
{
	if (walk->is_later_fragment)
		return;
	switch (walk->protocol) {
	case PROTOCOL_TCP: walk->at += tcp_length(walk); break;
	case PROTOCOL_UDP: walk->at += 8; break;
	case PROTOCOL_SCTP: walk->at += 12; break;
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		if (walk->protocol == (walk->family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6))
			pass_icmp(walk, is_quoted);
	}
}

static void
pass_icmp(struct walk *walk, bool is_quoted)
{
	const uint32_t type = byte_at(walk->packet, walk->at);

	if (!is_quoted && is_neighbour_discovery(walk, type)) {
		walk->at = walk->packet->caplen;
		return;
	}
	walk->at += ICMP_HEADER;
	if (is_quoted || !dissect_is_icmp_error(walk->family, type) ||
	    walk->at >= walk->packet->caplen)
		return;
	pass_ip(walk);
	pass_transport(walk, true);
}

/* How long what is not IP is. */
static uint32_t
other_length(const struct packet *packet, uint16_t linktype, uint32_t network)
{
	const struct linktype_info *link = linktype_find(linktype);
	const int shape = dissect_shape(packet, linktype);

	if (!link || link->kind != LINKTYPE_BY_TYPE || shape < 0 ||
	    (unsigned)shape >= linktype_shapes(link) ||
	    half_at(packet, linktype_ethertype_at(link, (unsigned)shape)) != ETHERTYPE_ARP)
		return network;
	return network + ARP_HEADER +
	       2 * (byte_at(packet, network + 4) + byte_at(packet, network + 5));
}

/* That of a packet which is in no tunnel. */
static uint32_t
length_alone(const struct packet *packet, uint16_t linktype)
{
	struct walk walk = {.packet = packet};

	switch (dissect_network(packet, linktype, &walk.at, &walk.family)) {
	case DISSECT_FOUND:
		pass_ip(&walk);
		pass_transport(&walk, false);
		break;
	case DISSECT_NOT_IP:
		walk.at = linktype_find(linktype) ? other_length(packet, linktype, walk.at) : 0;
		break;
	case DISSECT_CUT: break;
	}
	if (walk.at < walk.least)
		walk.at = walk.least;
	return walk.at < packet->caplen ? walk.at : packet->caplen;
}

uint32_t
headers_length(const struct packet *packet, uint16_t linktype)
{
	struct tunnelled found;

	if (tunnel_find_quoted(packet, linktype, tunnel_usual, TUNNEL_USUAL, &found) !=
	    DISSECT_FOUND)
		return length_alone(packet, linktype);
	return packet->caplen - found.inner.caplen + length_alone(&found.inner, LINKTYPE_RAW);
}
