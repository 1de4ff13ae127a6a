#include "packet/helloset.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_AT_FIRST 256

void
helloset_release(struct helloset *set)
{
	free(set->entries);
	free(set->buckets);
	*set = HELLOSET_INIT(set->secret, set->most);
}

static uint32_t *
bucket_of(const struct helloset *set, const unsigned char random[TLSKEY_RANDOM])
{
	return &set->buckets[siphash(&set->secret, random, TLSKEY_RANDOM) & (set->room - 1)];
}

static void
link_entry(struct helloset *set, uint32_t number)
{
	uint32_t *bucket = bucket_of(set, set->entries[number].random);

	set->entries[number].next = *bucket;
	*bucket = number + 1;
}

static void
unlink_entry(struct helloset *set, uint32_t number)
{
	uint32_t *at = bucket_of(set, set->entries[number].random);

	while (*at != number + 1)
		at = &set->entries[*at - 1].next;
	*at = set->entries[number].next;
}

static int
grow(struct helloset *set)
{
	const size_t room = set->room ? 2 * set->room : ROOM_AT_FIRST;
	struct helloset_entry *entries = realloc(set->entries, room * sizeof(*entries));
	uint32_t *buckets = calloc(room, sizeof(*buckets));

	if (entries)
		set->entries = entries;
	if (!entries || !buckets) {
		free(buckets);
		return -1;
	}
	free(set->buckets);
	set->buckets = buckets;
	set->room = room;
	for (size_t i = 0; i < set->count; i++)
		link_entry(set, (uint32_t)i);
	return 0;
}

int
helloset_add(struct helloset *set, const unsigned char random[TLSKEY_RANDOM])
{
	size_t number = set->count;

	if (helloset_find(set, random))
		return 0;
	if (set->count == set->room && set->room < set->most && grow(set) < 0)
		return -1;
	if (set->count == set->most) {
		number = set->oldest;
		set->oldest = (set->oldest + 1) & (set->most - 1);
		set->evicted++;
		unlink_entry(set, (uint32_t)number);
	} else {
		set->count++;
	}
	memcpy(set->entries[number].random, random, TLSKEY_RANDOM);
	set->entries[number].mark = 0;
	link_entry(set, (uint32_t)number);
	return 1;
}

struct helloset_entry *
helloset_find(const struct helloset *set, const unsigned char random[TLSKEY_RANDOM])
{
	if (set->count == 0)
		return NULL;
	for (uint32_t at = *bucket_of(set, random); at; at = set->entries[at - 1].next)
		if (memcmp(set->entries[at - 1].random, random, TLSKEY_RANDOM) == 0)
			return &set->entries[at - 1];
	return NULL;
}
