#include "link.h"

#include "packet.h"

#include <stddef.h>
#include <strings.h>

const struct link links[LINK_COUNT] = {
    {"EN10MB", LINKTYPE_EN10MB, true, 12, 14},
    {"RAW", LINKTYPE_RAW, false, 0, 0},
    {"LINUX_SLL", LINKTYPE_LINUX_SLL, true, 14, 16},
    {"LINUX_SLL2", LINKTYPE_LINUX_SLL2, true, 0, 20},
};

const uint32_t link_tag_types[LINK_TAG_TYPES] = {0x8100, 0x88a8, 0x9100};

const struct link *
link_of(uint16_t linktype)
{
	for (int i = 0; i < LINK_COUNT; i++)
		if (links[i].linktype == linktype)
			return &links[i];
	return NULL;
}

const struct link *
link_named(const char *name)
{
	for (int i = 0; i < LINK_COUNT; i++)
		if (strcasecmp(links[i].name, name) == 0)
			return &links[i];
	return NULL;
}
