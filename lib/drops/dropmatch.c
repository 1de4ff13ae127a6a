/*
 * A trie in the kernel answers with the longest prefix only, so prefixes must not overlap: an address
 * that is in several groups has one prefix whose value names them all. They are found by halving: a range of
 * addresses that each group has whole or not at all is a prefix, any other range is two. Only the
 * groups that have a part of a range are looked at in its halves, so the work follows the number of
 * intervals, not of groups.
 */
#include "drops/dropmatch.h"

#include "base/array.h"
#include "packet/dissect.h"

#include <stdlib.h>

/* Groups of the service's lines; those beyond share the last, which has every key. */
#define LAST_GROUP (DROPEVENT_GROUPS - 1)

/* Sets of addresses of one family, and the bits of each. */
struct member {
	const struct intervals *intervals;
	uint64_t bit;
};

struct members {
	struct member *list; /* heap */
	size_t count;
};

typedef unsigned __int128 number;

void
dropmatch_release(struct dropmatch *match)
{
	free(match->list);
	*match = DROPMATCH_INIT;
}

enum share { SHARE_NONE, SHARE_PART, SHARE_ALL };

static enum share
share_of(const struct intervals *set, number first, number last)
{
	size_t low = 0, high = set->count;

	/* The first interval that does not end before the range. */
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (set->list[middle].last < first)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == set->count || set->list[low].first > last)
		return SHARE_NONE;
	return set->list[low].first <= first && set->list[low].last >= last ? SHARE_ALL
									    : SHARE_PART;
}

static int
add_prefix(struct dropmatch *match, uint8_t family, number first, unsigned length, uint64_t groups)
{
	struct dropmatch_entry *entry;
	const unsigned width = family == 4 ? 4 : 16;

	if (array_grow(&match->list, match->count, sizeof(*match->list)) < 0)
		return -1;
	entry = &match->list[match->count++];
	*entry = (struct dropmatch_entry){.prefix = {.bits = 8 + length, .family = family},
					  .groups = groups};
	for (unsigned i = 0; i < width; i++)
		entry->prefix.addr[i] = (uint8_t)(first >> 8 * (width - 1 - i));
	return 0;
}

/* Adds the prefixes of a range, of which the groups of have are whole and members may have a part. */
static int
add_range(struct dropmatch *match, uint8_t family, const struct members *members, number first,
	  unsigned length, uint64_t have)
{
	const unsigned rest = (family == 4 ? 32u : 128u) - length;
	const number last = first | (rest == 128 ? ~(number)0 : ((number)1 << rest) - 1);
	struct members parts = {malloc((members->count + 1) * sizeof(*parts.list)), 0};
	int rc = parts.list ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < members->count; i++)
		switch (share_of(members->list[i].intervals, first, last)) {
		case SHARE_ALL: have |= members->list[i].bit; break;
		case SHARE_PART: parts.list[parts.count++] = members->list[i]; break;
		default: break;
		}
	if (rc == 0 && parts.count == 0) {
		rc = have ? add_prefix(match, family, first, length, have) : 0;
	} else if (rc == 0) {
		rc = add_range(match, family, &parts, first, length + 1, have);
		if (rc == 0)
			rc = add_range(match, family, &parts, first | (number)1 << (rest - 1),
				       length + 1, have);
	}
	free(parts.list);
	return rc;
}

/* Adds a set of addresses with these bits to the members of both families. */
static int
add_member(struct members families[2], const struct addrset *set, uint64_t bit)
{
	const struct intervals *const by_family[2] = {&set->v4, &set->v6};

	for (int i = 0; i < 2; i++) {
		if (array_grow(&families[i].list, families[i].count, sizeof(*families[i].list)) < 0)
			return -1;
		families[i].list[families[i].count++] = (struct member){by_family[i], bit};
	}
	return 0;
}

/* A group of which packets with these keys count: those of the set, or its whole. The addresses stay the
 * caller's. */
enum extent { EXTENT_SET, EXTENT_WHOLE };

static int
add_group(struct dropmatch *match, struct members families[2], const struct addrset *addresses,
	  uint32_t first_key, uint32_t last_key, enum extent extent)
{
	const unsigned at = match->group_count < LAST_GROUP ? match->group_count : LAST_GROUP;

	match->groups[at].first = at < LAST_GROUP ? first_key : 0;
	match->groups[at].last = at < LAST_GROUP ? last_key : UINT32_MAX;
	match->group_count = at + 1;
	if (extent == EXTENT_WHOLE)
		match->whole |= UINT64_C(1) << at;
	return add_member(families, addresses, UINT64_C(1) << at);
}

static int
add_groups(struct dropmatch *match, struct members families[2], const struct endpoint_group *groups,
	   size_t count, enum extent extent)
{
	for (size_t i = 0; i < count; i++)
		if (add_group(match, families, &groups[i].addresses, groups[i].first_key,
			      groups[i].last_key, extent) < 0)
			return -1;
	return 0;
}

static int
add_service(struct dropmatch *match, struct members families[2], const struct filter *filter)
{
	const struct service *service = filter->service;
	int rc = add_groups(match, families, service->server_groups, service->server_group_count,
			    filter->set && !filter->for_join ? EXTENT_SET : EXTENT_WHOLE);

	/* Any packet of a server may be one of a monitor. */
	if (rc == 0 && service->monitor_count && filter->monitors != MONITORS_NONE)
		rc = add_group(match, families, &service->server_addresses, 0, UINT32_MAX,
			       EXTENT_WHOLE);
	if (rc == 0)
		rc = add_groups(match, families, service->vip_groups, service->vip_group_count,
				filter->set ? EXTENT_SET : EXTENT_WHOLE);
	if (rc == 0 && filter->set)
		rc = add_member(families, filter->set, DROPEVENT_IN_SET);
	return rc;
}

int
dropmatch_make(struct dropmatch *match, const struct filter *filter, struct failure *why)
{
	struct members families[2] = {{0}};
	int rc = add_service(match, families, filter);

	for (int i = 0; rc == 0 && i < 2; i++)
		rc = add_range(match, i == 0 ? 4 : 6, &families[i], 0, 0, 0);
	free(families[0].list);
	free(families[1].list);
	return rc < 0 ? failure_nomem(why) : 0;
}
