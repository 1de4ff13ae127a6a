#include "packet/linktype.h"

#include "packet/packet.h"

#include <stddef.h>
#include <strings.h>

const struct linktype_info linktypes[LINKTYPE_COUNT] = {
    {"EN10MB", LINKTYPE_EN10MB, true, 12, 14},
    {"RAW", LINKTYPE_RAW, false, 0, 0},
    {"LINUX_SLL", LINKTYPE_LINUX_SLL, true, 14, 16},
    {"LINUX_SLL2", LINKTYPE_LINUX_SLL2, true, 0, 20},
};

const uint32_t linktype_vlans[LINKTYPE_VLANS] = {0x8100, 0x88a8, 0x9100};

const struct linktype_info *
linktype_find(uint16_t linktype)
{
	for (int i = 0; i < LINKTYPE_COUNT; i++)
		if (linktypes[i].linktype == linktype)
			return &linktypes[i];
	return NULL;
}

const struct linktype_info *
linktype_by_name(const char *name)
{
	for (int i = 0; i < LINKTYPE_COUNT; i++)
		if (strcasecmp(linktypes[i].name, name) == 0)
			return &linktypes[i];
	return NULL;
}
