/*
 * What was last known when: a time for each of a bounded number of keys. When it is full, the keys
 * that were touched longest ago give way.
 */
#ifndef VCAP_RECENCY_H
#define VCAP_RECENCY_H

#include "addrset.h"
#include "failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two ends; what is not known is zero. */
struct recency_key {
	struct addr one, other;
	uint16_t port, other_port;
	uint8_t protocol;
};

struct recency;

/* most is how many keys it holds; seed is any number that outsiders do not know. */
struct recency *recency_new(size_t most, uint64_t seed, struct failure *why);
void recency_free(struct recency *recency);

/* The time of the key becomes time_ns, unless it is later already. Without memory it is forgotten.
 */
void recency_touch(struct recency *recency, const struct recency_key *key, int64_t time_ns);

/* Whether the key is known, and since when: *time_ns. */
bool recency_find(const struct recency *recency, const struct recency_key *key, int64_t *time_ns);

/* A hash of bytes for tables that outsiders can fill. */
uint64_t recency_hash(const struct recency_key *key, uint64_t seed);

#endif
