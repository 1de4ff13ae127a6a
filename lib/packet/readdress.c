/*
 * A checksum is mended by the difference between what it covered before and after (RFC 1624): what has
 * been cut off need not be known, and a checksum that was never filled in stays as wrong as it was.
 * Differences are sums of 16-bit words in ones' complement arithmetic.
 */
#include "packet/readdress.h"

#include "packet/dissect.h"
#include "packet/headers.h"
#include "packet/linktype.h"
#include "packet/tunnel.h"

#include <stdbool.h>
#include <string.h>

#define ETHERTYPE_ARP   0x0806
#define TCP_NOP         1
#define TCP_MPTCP       30
#define MPTCP_ADD_ADDR  3
#define OPTION_HOME     0xc9 /* RFC 6275, 6.3 */
#define ICMP_REDIRECT   5
#define ICMPV6_NO_ERROR 128
#define HEADER_MAX      4096 /* bytes of a transport header with what it quotes or carries */
#define GRE_CHECKSUM    0x80 /* in the first byte of GRE */

enum { ND_SOURCE = 1, ND_TARGET, ND_PREFIX, ND_REDIRECTED, ND_MTU };

struct readdress {
	struct pseudonyms *pseudonyms;
	unsigned char *data;
	uint32_t caplen;
	/* The packet in it, which is still to come; NULL: none. */
	const struct tunnelled *tunnelled;
};

static uint32_t
half(const unsigned char *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

/* The sum of bytes, the first of which is the upper one of a word. */
static uint64_t
sum_of(const unsigned char *p, uint32_t size)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < size; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

/* Adds a difference to the checksum at `at`, unless it was not captured. */
static void
mend(struct readdress *packet, uint32_t at, uint64_t before, uint64_t after)
{
	unsigned char *field = packet->data + at;
	uint64_t sum;

	if (at + 2 > packet->caplen || before == after)
		return;
	/* ~m is -m: the words are at most 2^16 - 1, and there are few of them. */
	sum = (~half(field) & 0xffff) + (UINT64_C(0xffff) << 20) - before + after;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	field[0] = (unsigned char)(~sum >> 8);
	field[1] = (unsigned char)~sum;
}

/* Replaces the address of 4 or 16 bytes at `at`, which are there. */
static void
replace(struct readdress *packet, uint32_t at, uint8_t family)
{
	const uint32_t size = family == 4 ? 4 : 16;
	struct addr addr = {.family = family};

	for (uint32_t i = 0; i < size; i++)
		addr.value = addr.value << 8 | packet->data[at + i];
	addr = pseudonym_of(packet->pseudonyms, addr);
	for (uint32_t i = size; i-- > 0; addr.value >>= 8)
		packet->data[at + i] = (unsigned char)addr.value;
}

/* Likewise, if all of it is before the end; else what there is of it becomes zero. */
static void
replace_before(struct readdress *packet, uint32_t at, uint32_t end, uint8_t family)
{
	if (at + (family == 4 ? 4 : 16) <= end)
		replace(packet, at, family);
	else if (at < end)
		memset(packet->data + at, 0, end - at);
}

static uint32_t replace_ip(struct readdress *packet, uint32_t at, uint8_t family, bool is_quoted);

/* Takes options that tell addresses out of a TCP header. */
static void
clear_tcp_options(struct readdress *packet, uint32_t at)
{
	uint32_t next = at + 20, end = next;

	if (at + 13 < packet->caplen)
		end = at + 4 * (packet->data[at + 12] >> 4);
	if (end > packet->caplen)
		end = packet->caplen;
	while (next + 2 < end && packet->data[next] != 0) {
		unsigned char *option = packet->data + next;
		uint32_t size = option[0] == TCP_NOP ? 1 : option[1];

		if (size == 0 || size > end - next)
			size = end - next;
		if (option[0] == TCP_MPTCP && option[2] >> 4 == MPTCP_ADD_ADDR)
			memset(option, TCP_NOP, size);
		next += size;
	}
}

/* The options of neighbour discovery from `at` to the end. */
static void
replace_nd_options(struct readdress *packet, uint32_t at)
{
	while (at + 2 <= packet->caplen) {
		unsigned char *option = packet->data + at;
		uint32_t size = 8 * option[1];

		if (size == 0 || size > packet->caplen - at)
			size = packet->caplen - at;
		if ((option[0] == ND_SOURCE || option[0] == ND_TARGET) && size == 8)
			pseudonym_ethernet(packet->pseudonyms, option + 2);
		else if (option[0] == ND_PREFIX && size == 32)
			replace(packet, at + 16, 6);
		else if (option[0] == ND_REDIRECTED && size >= 8)
			replace_ip(packet, at + 8, 6, true);
		else if (option[0] != ND_MTU)
			memset(option + 2, 0, size - 2);
		at += size;
	}
}

/* The addresses that an ICMP message itself has, and those of what it quotes. */
static void
replace_icmp(struct readdress *packet, uint32_t at, uint8_t family, bool is_quoted)
{
	static const uint8_t own_size[] = {8, 16, 24, 24, 40}; /* of ND, before its options */
	uint32_t type;

	if (at >= packet->caplen)
		return;
	type = packet->data[at];
	if (family == 4 && type == ICMP_REDIRECT)
		replace_before(packet, at + 4, packet->caplen, 4);
	if (dissect_is_icmp_error(family, type)) {
		if (!is_quoted && at + 8 < packet->caplen)
			replace_ip(packet, at + 8, family, true);
	} else if (family == 6 && type >= ICMPV6_ND_FIRST && type <= ICMPV6_ND_LAST) {
		const uint32_t size = own_size[type - ICMPV6_ND_FIRST];

		for (uint32_t more = at + 8; size >= 24 && more < at + size; more += 16)
			replace_before(packet, more, packet->caplen, 6);
		replace_nd_options(packet, at + size);
	}
}

/* Replaces the addresses of the packet in a tunnel, and what vendors may have written in front of it. */
static void
replace_tunnelled(struct readdress *packet)
{
	const struct tunnelled *found = packet->tunnelled;
	const uint32_t at = packet->caplen - found->inner.caplen;

	packet->tunnelled = NULL;
	memset(packet->data + found->options, 0, found->options_size);
	if (found->ethernet) {
		pseudonym_ethernet(packet->pseudonyms, packet->data + found->ethernet);
		pseudonym_ethernet(packet->pseudonyms, packet->data + found->ethernet + 6);
	}
	packet->caplen = replace_ip(packet, at, found->inner.data[0] >> 4 == 4 ? 4 : 6, false);
}

/* The transport header at `at`: its addresses, and its checksum, which covers the IP addresses, too, of
 * which before and after are the sums. */
static void
replace_transport(struct readdress *packet, uint32_t at, uint8_t family, uint32_t protocol,
		  uint64_t before, uint64_t after, bool is_quoted)
{
	unsigned char old[HEADER_MAX];
	uint32_t size = at < packet->caplen ? packet->caplen - at : 0;

	if (size > sizeof(old))
		size = sizeof(old);
	memcpy(old, packet->data + at, size);
	if (packet->tunnelled && at == packet->tunnelled->carrier)
		replace_tunnelled(packet);
	switch (protocol) {
	case PROTOCOL_TCP:
		clear_tcp_options(packet, at);
		mend(packet, at + 16, before + sum_of(old, size),
		     after + sum_of(packet->data + at, size));
		break;
	case PROTOCOL_UDP:
		/* 0: there is none. */
		if (size >= 8 && half(old + 6) != 0) {
			mend(packet, at + 6, before + sum_of(old, size),
			     after + sum_of(packet->data + at, size));
			if (half(packet->data + at + 6) == 0)
				memset(packet->data + at + 6, 0xff, 2);
		}
		break;
	case PROTOCOL_GRE:
		if (size >= 6 && old[0] & GRE_CHECKSUM)
			mend(packet, at + 4, sum_of(old, size), sum_of(packet->data + at, size));
		break;
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		replace_icmp(packet, at, family, is_quoted);
		/* That of IPv4 covers no addresses of the header. */
		mend(packet, at + 2, (family == 6 ? before : 0) + sum_of(old, size),
		     (family == 6 ? after : 0) + sum_of(packet->data + at, size));
		break;
	}
}

/* Returns how many bytes may be kept. */
static uint32_t
replace_v4(struct readdress *packet, uint32_t at, bool is_quoted)
{
	unsigned char *header = packet->data + at, old[60];
	uint32_t size;

	if (at + 20 > packet->caplen)
		return at;
	size = 4 * (header[0] & 0xf);
	if (size < 20)
		size = 20;
	if (size > packet->caplen - at)
		size = packet->caplen - at;
	memcpy(old, header, size);
	replace(packet, at + 12, 4);
	replace(packet, at + 16, 4);
	memset(header + 20, TCP_NOP, size - 20); /* IP's has the same number */
	mend(packet, at + 10, sum_of(old, size), sum_of(header, size));
	if ((half(header + 6) & 0x1fff) == 0)
		replace_transport(packet, at + size, 4, header[9], sum_of(old + 12, 8),
				  sum_of(header + 12, 8), is_quoted);
	return packet->caplen;
}

/* The home address among destination options that end before `end`. */
static void
replace_home(struct readdress *packet, uint32_t at, uint32_t end)
{
	while (at < end) {
		unsigned char *option = packet->data + at;
		uint32_t size = option[0] == 0 || at + 1 == end ? 1 : 2u + option[1];

		if (size > end - at)
			size = end - at;
		if (option[0] == OPTION_HOME)
			replace_before(packet, at + 2, at + size, 6);
		at += size;
	}
}

/* What stands at a place behind an IPv6 header. */
enum next_header {
	NEXT_EXTENSION, /* which has been passed */
	NEXT_TRANSPORT,
	NEXT_NOTHING, /* that is known: a later fragment, or it is cut short */
};

/* Replaces the addresses in the extension header at *at, of *protocol, and passes it. */
static enum next_header
pass_extension(struct readdress *packet, uint32_t *at, uint32_t *protocol)
{
	const unsigned char *header = packet->data + *at;
	const uint32_t kind = *protocol;
	uint32_t end;

	if (kind != PROTOCOL_HOPOPTS && kind != PROTOCOL_ROUTING && kind != PROTOCOL_FRAGMENT &&
	    kind != PROTOCOL_DSTOPTS)
		return NEXT_TRANSPORT;
	if (*at + 8 > packet->caplen)
		return NEXT_NOTHING;
	end = *at + (kind == PROTOCOL_FRAGMENT ? 8 : 8 + 8 * (uint32_t)header[1]);
	if (kind == PROTOCOL_FRAGMENT && half(header + 2) & 0xfff8)
		return NEXT_NOTHING;
	if (end > packet->caplen)
		end = packet->caplen;
	if (kind == PROTOCOL_ROUTING)
		for (uint32_t next = *at + 8; next < end; next += 16)
			replace_before(packet, next, end, 6);
	else if (kind == PROTOCOL_DSTOPTS)
		replace_home(packet, *at + 2, end);
	*protocol = header[0];
	*at = end;
	return end < packet->caplen ? NEXT_EXTENSION : NEXT_NOTHING;
}

static uint32_t
replace_v6(struct readdress *packet, uint32_t at, bool is_quoted)
{
	unsigned char *header = packet->data + at, old[32];
	uint32_t protocol, next = at + 40;
	enum next_header what = NEXT_EXTENSION;

	if (at + 40 > packet->caplen)
		return at;
	protocol = header[6];
	memcpy(old, header + 8, sizeof(old));
	replace(packet, at + 8, 6);
	replace(packet, at + 24, 6);
	/* Of more than these nothing is known, and headers_length has left nothing. */
	for (int i = 0; i <= DISSECT_EXTENSIONS && what == NEXT_EXTENSION; i++)
		what = pass_extension(packet, &next, &protocol);
	if (what == NEXT_TRANSPORT)
		replace_transport(packet, next, 6, protocol, sum_of(old, sizeof(old)),
				  sum_of(header + 8, sizeof(old)), is_quoted);
	return packet->caplen;
}

static uint32_t
replace_ip(struct readdress *packet, uint32_t at, uint8_t family, bool is_quoted)
{
	return family == 4 ? replace_v4(packet, at, is_quoted) : replace_v6(packet, at, is_quoted);
}

/* ARP (RFC 826) for IPv4 over Ethernet; of anything else nothing is kept. */
static uint32_t
replace_arp(struct readdress *packet, uint32_t at)
{
	unsigned char *arp = packet->data + at;

	if (at + 28 > packet->caplen || half(arp) != 1 || half(arp + 2) != 0x0800 || arp[4] != 6 ||
	    arp[5] != 4)
		return at;
	pseudonym_ethernet(packet->pseudonyms, arp + 8);
	replace(packet, at + 14, 4);
	pseudonym_ethernet(packet->pseudonyms, arp + 18);
	replace(packet, at + 24, 4);
	return at + 28;
}

/* The addresses of the link layer. */
static void
replace_link(struct readdress *packet, uint16_t linktype)
{
	static const struct {
		uint16_t linktype;
		uint8_t at[2], count, bytes; /* bytes: what there has to be */
	} links[] = {
	    {LINKTYPE_EN10MB, {0, 6}, 2, 12},
	    {LINKTYPE_LINUX_SLL, {6}, 1, 14},
	    {LINKTYPE_LINUX_SLL2, {12}, 1, 20},
	};

	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		for (int k = 0; links[i].linktype == linktype && k < links[i].count; k++)
			if (links[i].bytes <= packet->caplen)
				pseudonym_ethernet(packet->pseudonyms,
						   packet->data + links[i].at[k]);
}

uint32_t
readdress_packet(struct pseudonyms *pseudonyms, unsigned char *data, uint32_t caplen, uint32_t len,
		 uint16_t linktype)
{
	const struct packet whole = {.data = data, .caplen = caplen, .len = len};
	const struct linktype_info *link = linktype_find(linktype);
	struct readdress packet = {pseudonyms, data, caplen, NULL};
	struct tunnelled found;
	uint32_t at, kept;
	uint8_t family;
	int shape;

	/* Netfilter's attributes tell addresses in places that nobody here knows. */
	if (!link || link->kind == LINKTYPE_BY_PARTS)
		return 0;
	switch (dissect_network(&whole, linktype, &at, &family)) {
	case DISSECT_FOUND:
		/* Of a link header that is cut short an address may be cut, too. */
		if (at > caplen)
			return 0;
		if (tunnel_find_quoted(&whole, linktype, tunnel_usual, TUNNEL_USUAL, &found) ==
		    DISSECT_FOUND)
			packet.tunnelled = &found;
		replace_link(&packet, linktype);
		kept = replace_ip(&packet, at, family, false);
		/* What was not reached has its addresses still. */
		return packet.tunnelled ? caplen - found.inner.caplen : kept;
	case DISSECT_CUT: return 0;
	case DISSECT_NOT_IP: break;
	}
	shape = link->kind == LINKTYPE_BY_TYPE ? dissect_shape(&whole, linktype) : -1;
	if (shape < 0 || (unsigned)shape >= linktype_shapes(link))
		return 0;
	at = linktype_network_at(link, (unsigned)shape);
	if (at > caplen)
		return 0;
	replace_link(&packet, linktype);
	return half(data + linktype_ethertype_at(link, (unsigned)shape)) == ETHERTYPE_ARP
		   ? replace_arp(&packet, at)
		   : at;
}
