/*
 * The five-tuple of a connection as a key: what the connection table, the pair table and the LRU
 * caches are looked up by, and its hash.
 */
#ifndef VCAP_FLOWKEY_H
#define VCAP_FLOWKEY_H

#include "base/siphash.h"
#include "packet/addrset.h"

#include <stdbool.h>
#include <stdint.h>

/* Two ends. What is not known is zero. */
struct flowkey {
	struct addr one, other;
	uint16_t port, other_port;
	uint8_t protocol; /* IP protocol number (dissect.h) */
};

/* A hash for tables that outsiders can fill: they choose addresses and ports and do not know
 * secret. */
uint64_t flowkey_hash(const struct flowkey *key, const struct siphash_key *secret);

/* Whether the keys are equal in every field. */
static inline bool
flowkey_equal(const struct flowkey *a, const struct flowkey *b)
{
	return a->port == b->port && a->other_port == b->other_port && a->protocol == b->protocol &&
	       a->one.value == b->one.value && a->other.value == b->other.value &&
	       a->one.family == b->one.family && a->other.family == b->other.family;
}

#endif
