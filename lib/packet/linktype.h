/*
 * Link layers whose packets are judged: where their headers say what follows, and VLAN tags.
 */
#ifndef VCAP_LINKTYPE_H
#define VCAP_LINKTYPE_H

#include <stdbool.h>
#include <stdint.h>

struct linktype_info {
	const char *name;
	uint16_t linktype; /* packet.h */
	bool has_type;     /* false: the network header comes first, and no tag can */
	/* Offsets of the type of what follows, 16 bits, and of the end of the header. Behind a tag,
	 * four bytes each from there on, the type stands right before what it describes. */
	uint32_t type_at, network_at;
};

#define LINKTYPE_COUNT 4
extern const struct linktype_info linktypes[LINKTYPE_COUNT];

/* NULL: not one of these. */
const struct linktype_info *linktype_find(uint16_t linktype);
/* By its name, in either case. */
const struct linktype_info *linktype_by_name(const char *name);

/* Types that announce a tag. */
#define LINKTYPE_VLANS 3
extern const uint32_t linktype_vlans[LINKTYPE_VLANS];

static inline bool
linktype_is_vlan(uint32_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/* Where a frame that has so many tags says what it carries. */
static inline uint32_t
linktype_ethertype_at(const struct linktype_info *link, unsigned tags)
{
	return tags ? link->network_at + 4 * tags - 2 : link->type_at;
}

#endif
