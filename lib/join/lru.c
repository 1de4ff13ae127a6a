/*
 * Set-associative, as processor caches are: the hash picks a set of eight entries, which are
 * searched one by one, and within a full set the oldest entry is replaced. So neither a list nor a
 * free list has to be kept, at the price that a set may be full before the cache is.
 */
#include "join/lru.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 8 /* entries of a set */

struct lru_entry {
	struct flowkey key;
	int64_t time_ns;
	bool is_used;
};

struct lru {
	struct lru_entry *entries; /* allocated at the first key */
	size_t sets;               /* of WAYS entries each; a power of two */
	struct siphash_key secret;
};

struct lru *
lru_new(size_t most, struct siphash_key secret, struct failure *why)
{
	struct lru *lru = calloc(1, sizeof(*lru));

	if (!lru) {
		failure_errno(why, "cannot follow connections");
		return NULL;
	}
	lru->sets = 1;
	while (lru->sets * WAYS * 2 <= most)
		lru->sets *= 2;
	lru->secret = secret;
	return lru;
}

void
lru_free(struct lru *lru)
{
	if (!lru)
		return;
	free(lru->entries);
	free(lru);
}

static struct lru_entry *
set_of(const struct lru *lru, const struct flowkey *key)
{
	return lru->entries + WAYS * (flowkey_hash(key, &lru->secret) & (lru->sets - 1));
}

void
lru_touch(struct lru *lru, const struct flowkey *key, int64_t time_ns)
{
	struct lru_entry *set, *oldest;

	if (!lru->entries)
		lru->entries = calloc(lru->sets * WAYS, sizeof(*lru->entries));
	if (!lru->entries)
		return;
	oldest = set = set_of(lru, key);
	for (struct lru_entry *entry = set; entry < set + WAYS; entry++) {
		if (entry->is_used && flowkey_equal(&entry->key, key)) {
			if (entry->time_ns < time_ns)
				entry->time_ns = time_ns;
			return;
		}
		if (!entry->is_used || (oldest->is_used && entry->time_ns < oldest->time_ns))
			oldest = entry;
	}
	*oldest = (struct lru_entry){.key = *key, .time_ns = time_ns, .is_used = true};
}

bool
lru_find(const struct lru *lru, const struct flowkey *key, int64_t *time_ns)
{
	struct lru_entry *set;

	if (!lru->entries)
		return false;
	set = set_of(lru, key);
	for (struct lru_entry *entry = set; entry < set + WAYS; entry++) {
		if (!entry->is_used || !flowkey_equal(&entry->key, key))
			continue;
		*time_ns = entry->time_ns;
		return true;
	}
	return false;
}
