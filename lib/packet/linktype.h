/*
 * The link layers that vcap knows: where their headers name the protocol that follows, and VLAN tags
 * (https://www.tcpdump.org/linktypes.html). Sides, the filter, in the kernel and here, and the join go
 * by this one table.
 *
 * Some headers have several shapes, numbered from 0, which differ in where the network header begins:
 * with VLAN tags, and PPP's.
 */
#ifndef VCAP_LINKTYPE_H
#define VCAP_LINKTYPE_H

#include <stdbool.h>
#include <stdint.h>

enum linktype_kind {
	/* An ethertype, 16 bits at type_at. Each VLAN tag adds four bytes to the header, of which the
	 * last two are the next ethertype. The shape is the number of tags. */
	LINKTYPE_BY_TYPE,
	/* There is no header: the IP version tells. */
	LINKTYPE_BY_VERSION,
	/* The address family of the system that captured, 32 bits of either byte order. */
	LINKTYPE_BY_FAMILY,
	/* A number of PPP (RFC 1661) in two bytes, or in one, which is odd; behind address and control
	 * (RFC 1662) or not. The shape is an enum linktype_ppp. */
	LINKTYPE_BY_PPP,
	/* Netfilter's attributes, of which one is the packet. A program without loops cannot find it:
	 * such packets are judged in user space only. */
	LINKTYPE_BY_PARTS,
};

enum linktype_ppp { PPP_FRAMED, PPP_PLAIN, PPP_FRAMED_SHORT, PPP_SHORT };

#define LINKTYPE_SHAPES 4 /* at most */

struct linktype_info {
	const char *name;
	uint16_t linktype; /* packet.h */
	enum linktype_kind kind;
	uint32_t type_at, network_at; /* bytes; of shape 0 */
};

#define LINKTYPE_COUNT 10
extern const struct linktype_info linktypes[LINKTYPE_COUNT];

/* The entry of linktypes for a LINKTYPE_ number (packet.h); NULL if there is none. */
const struct linktype_info *linktype_find(uint16_t linktype);
/* The entry by its name, in either case; NULL if there is none. */
const struct linktype_info *linktype_by_name(const char *name);

/* The number that files use for what this one means: those of raw IP in some systems (12, 14) are
 * LINKTYPE_RAW. */
uint16_t linktype_canonical(uint16_t linktype);

/* The number to write into pcapng. Of further interfaces libpcap (1.10.3, sf-pcapng.c) compares the number
 * with its own one of the first, which for raw IP is another: 12 is read as raw IP in both places, also
 * by Wireshark, and 101 would make a file with two such interfaces unreadable. */
uint16_t linktype_in_pcapng(uint16_t linktype);

#define LINKTYPE_TEXT 24 /* bytes */

/* Writes its name, else "link type N". Returns to. */
char *linktype_text(uint16_t linktype, char to[LINKTYPE_TEXT]);

/* How many shapes the header has that are known. */
unsigned linktype_shapes(const struct linktype_info *link);
/* The offset of the network header in one of them. */
uint32_t linktype_network_at(const struct linktype_info *link, unsigned shape);

/* Ethertypes of VLAN tags (IEEE 802.1Q, 802.1ad, and 0x9100, used before 802.1ad) */
#define LINKTYPE_VLANS 3
extern const uint32_t linktype_vlans[LINKTYPE_VLANS];

/* Whether an ethertype is that of a VLAN tag. */
static inline bool
linktype_is_vlan(uint32_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/* The offset of the ethertype behind this many tags. */
static inline uint32_t
linktype_ethertype_at(const struct linktype_info *link, unsigned tags)
{
	return tags ? link->network_at + 4 * tags - 2 : link->type_at;
}

/* PPP: address and control bytes, which the protocol may follow, and protocols. */
#define PPP_ADDRESS_CONTROL 0xff03
#define PPP_IPV4            0x0021
#define PPP_IPV6            0x0057

/* Address families of IP, as 32 bits read big-endian from a header of either byte order: IPv6 has the
 * number of Linux (10), NetBSD and OpenBSD (24), FreeBSD (28) and macOS (30). */
#define LINKTYPE_FAMILIES4 2
#define LINKTYPE_FAMILIES6 8
extern const uint32_t linktype_families4[LINKTYPE_FAMILIES4],
    linktype_families6[LINKTYPE_FAMILIES6];

#endif
