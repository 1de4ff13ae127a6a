/*
 * Link layers whose packets are judged: where their headers say what follows, and VLAN tags.
 */
#ifndef VCAP_LINK_H
#define VCAP_LINK_H

#include <stdbool.h>
#include <stdint.h>

struct link {
	const char *name;
	uint16_t linktype; /* packet.h */
	bool has_type;     /* false: the network header comes first, and no tag can */
	/* Offsets of the type of what follows, 16 bits, and of the end of the header. Behind a tag,
	 * four bytes each from there on, the type stands right before what it describes. */
	uint32_t type_at, network_at;
};

#define LINK_COUNT 4
extern const struct link links[LINK_COUNT];

/* NULL: not one of these. */
const struct link *link_of(uint16_t linktype);
/* By its name, in either case. */
const struct link *link_named(const char *name);

/* Types that announce a tag. */
#define LINK_TAG_TYPES 3
extern const uint32_t link_tag_types[LINK_TAG_TYPES];

static inline bool
link_is_tag(uint32_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/* Where a frame that has so many tags says what it carries. */
static inline uint32_t
link_type_at(const struct link *link, unsigned tags)
{
	return tags ? link->network_at + 4 * tags - 2 : link->type_at;
}

#endif
