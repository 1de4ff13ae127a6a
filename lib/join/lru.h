/*
 * What was last known when: a time for each of a bounded number of keys. When it is full, the keys
 * that were touched longest ago give way.
 */
#ifndef VCAP_LRU_H
#define VCAP_LRU_H

#include "base/failure.h"
#include "packet/addrset.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two ends; what is not known is zero. */
struct lru_key {
	struct addr one, other;
	uint16_t port, other_port;
	uint8_t protocol;
};

struct lru;

/* most is how many keys it holds; seed is any number that outsiders do not know. */
struct lru *lru_new(size_t most, uint64_t seed, struct failure *why);
void lru_free(struct lru *recency);

/* The time of the key becomes time_ns, unless it is later already. Without memory it is forgotten.
 */
void lru_touch(struct lru *recency, const struct lru_key *key, int64_t time_ns);

/* Whether the key is known, and since when: *time_ns. */
bool lru_find(const struct lru *recency, const struct lru_key *key, int64_t *time_ns);

/* A hash of bytes for tables that outsiders can fill. */
uint64_t lru_hash(const struct lru_key *key, uint64_t seed);

#endif
