/*
 * The link layers that vcap can filter: where their headers name the protocol that follows, and
 * VLAN tags (https://www.tcpdump.org/linktypes.html).
 */
#ifndef VCAP_LINKTYPE_H
#define VCAP_LINKTYPE_H

#include <stdbool.h>
#include <stdint.h>

struct linktype_info {
	const char *name;
	uint16_t linktype; /* packet.h */
	bool has_type;     /* false: no header; the network header comes first, untagged */
	/* Offset of the ethertype, 16 bits, and length of the header. Each VLAN tag adds four bytes
	 * to the length, of which the last two are the next ethertype. */
	uint32_t type_at, network_at;
};

#define LINKTYPE_COUNT 4
extern const struct linktype_info linktypes[LINKTYPE_COUNT];

/* The entry of linktypes for a LINKTYPE_ number (packet.h); NULL if there is none. */
const struct linktype_info *linktype_find(uint16_t linktype);
/* The entry by its name, in either case; NULL if there is none. */
const struct linktype_info *linktype_by_name(const char *name);

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

#endif
