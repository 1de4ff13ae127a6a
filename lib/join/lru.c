#include "join/lru.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 8 /* keys that share a place in the table */

struct entry {
	struct lru_key key;
	int64_t time_ns;
	bool is_used;
};

struct lru {
	struct entry *entries; /* allocated at the first key */
	size_t sets;           /* a power of two, of WAYS entries each */
	uint64_t seed;
};

static uint64_t
mix(uint64_t hash, uint64_t word)
{
	unsigned __int128 product = (unsigned __int128)(hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t
lru_hash(const struct lru_key *key, uint64_t seed)
{
	uint64_t hash = seed ^ UINT64_C(0x2545f4914f6cdd1d);

	hash = mix(hash, (uint64_t)key->one.value);
	hash = mix(hash, (uint64_t)key->other.value);
	if (key->one.family == 6 || key->other.family == 6) {
		hash = mix(hash, (uint64_t)(key->one.value >> 64));
		hash = mix(hash, (uint64_t)(key->other.value >> 64));
	}
	hash =
	    mix(hash, (uint64_t)key->port << 32 | (uint64_t)key->other_port << 8 | key->protocol);
	return mix(hash, seed);
}

struct lru *
lru_new(size_t most, uint64_t seed, struct failure *why)
{
	struct lru *recency = calloc(1, sizeof(*recency));

	if (!recency) {
		failure_errno(why, "cannot follow connections");
		return NULL;
	}
	recency->sets = 1;
	while (recency->sets * WAYS * 2 <= most)
		recency->sets *= 2;
	recency->seed = seed;
	return recency;
}

void
lru_free(struct lru *recency)
{
	if (!recency)
		return;
	free(recency->entries);
	free(recency);
}

static bool
is_same(const struct lru_key *a, const struct lru_key *b)
{
	return a->port == b->port && a->other_port == b->other_port && a->protocol == b->protocol &&
	       a->one.family == b->one.family && a->one.value == b->one.value &&
	       a->other.family == b->other.family && a->other.value == b->other.value;
}

static struct entry *
set_of(const struct lru *recency, const struct lru_key *key)
{
	return recency->entries + WAYS * (lru_hash(key, recency->seed) & (recency->sets - 1));
}

void
lru_touch(struct lru *recency, const struct lru_key *key, int64_t time_ns)
{
	struct entry *set, *oldest;

	if (!recency->entries)
		recency->entries = calloc(recency->sets * WAYS, sizeof(*recency->entries));
	if (!recency->entries)
		return;
	oldest = set = set_of(recency, key);
	for (struct entry *entry = set; entry < set + WAYS; entry++) {
		if (entry->is_used && is_same(&entry->key, key)) {
			if (entry->time_ns < time_ns)
				entry->time_ns = time_ns;
			return;
		}
		if (!entry->is_used || (oldest->is_used && entry->time_ns < oldest->time_ns))
			oldest = entry;
	}
	*oldest = (struct entry){.key = *key, .time_ns = time_ns, .is_used = true};
}

bool
lru_find(const struct lru *recency, const struct lru_key *key, int64_t *time_ns)
{
	struct entry *set;

	if (!recency->entries)
		return false;
	set = set_of(recency, key);
	for (struct entry *entry = set; entry < set + WAYS; entry++) {
		if (!entry->is_used || !is_same(&entry->key, key))
			continue;
		*time_ns = entry->time_ns;
		return true;
	}
	return false;
}
