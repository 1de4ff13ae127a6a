#include "packet/linktype.h"

#include "packet/packet.h"

#include <stddef.h>
#include <stdio.h>
#include <strings.h>

const struct linktype_info linktypes[LINKTYPE_COUNT] = {
    {"EN10MB", LINKTYPE_EN10MB, LINKTYPE_BY_TYPE, 12, 14},
    {"RAW", LINKTYPE_RAW, LINKTYPE_BY_VERSION, 0, 0},
    {"LINUX_SLL", LINKTYPE_LINUX_SLL, LINKTYPE_BY_TYPE, 14, 16},
    {"LINUX_SLL2", LINKTYPE_LINUX_SLL2, LINKTYPE_BY_TYPE, 0, 20},
    {"IPV4", LINKTYPE_IPV4, LINKTYPE_BY_VERSION, 0, 0},
    {"IPV6", LINKTYPE_IPV6, LINKTYPE_BY_VERSION, 0, 0},
    {"NULL", LINKTYPE_NULL, LINKTYPE_BY_FAMILY, 0, 4},
    {"LOOP", LINKTYPE_LOOP, LINKTYPE_BY_FAMILY, 0, 4},
    {"PPP", LINKTYPE_PPP, LINKTYPE_BY_PPP, 2, 4},
    {"NFLOG", LINKTYPE_NFLOG, LINKTYPE_BY_PARTS, 0, 0},
};

const uint32_t linktype_vlans[LINKTYPE_VLANS] = {0x8100, 0x88a8, 0x9100};

#define EITHER_ORDER(family) (family), (uint32_t)(family) << 24

const uint32_t linktype_families4[LINKTYPE_FAMILIES4] = {EITHER_ORDER(2)};
const uint32_t linktype_families6[LINKTYPE_FAMILIES6] = {EITHER_ORDER(10), EITHER_ORDER(24),
							 EITHER_ORDER(28), EITHER_ORDER(30)};

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

/* DLT_RAW of most systems, and of OpenBSD. */
enum { RAW_OF_LIBPCAP = 12, RAW_OF_OPENBSD = 14 };

uint16_t
linktype_canonical(uint16_t linktype)
{
	return linktype == RAW_OF_LIBPCAP || linktype == RAW_OF_OPENBSD ? (uint16_t)LINKTYPE_RAW
									: linktype;
}

uint16_t
linktype_in_pcapng(uint16_t linktype)
{
	return linktype == LINKTYPE_RAW ? (uint16_t)RAW_OF_LIBPCAP : linktype;
}

char *
linktype_text(uint16_t linktype, char to[LINKTYPE_TEXT])
{
	const struct linktype_info *link = linktype_find(linktype);

	if (link)
		snprintf(to, LINKTYPE_TEXT, "%s", link->name);
	else
		snprintf(to, LINKTYPE_TEXT, "link type %u", linktype);
	return to;
}

unsigned
linktype_shapes(const struct linktype_info *link)
{
	return link->kind == LINKTYPE_BY_TYPE ? 3 : link->kind == LINKTYPE_BY_PPP ? 4 : 1;
}

uint32_t
linktype_network_at(const struct linktype_info *link, unsigned shape)
{
	static const uint32_t ppp[] = {
	    [PPP_FRAMED] = 4, [PPP_PLAIN] = 2, [PPP_FRAMED_SHORT] = 3, [PPP_SHORT] = 1};

	return link->kind == LINKTYPE_BY_PPP ? ppp[shape] : link->network_at + 4 * shape;
}
