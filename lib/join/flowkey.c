/*
 * Outsiders choose addresses and ports, so a hash that they can compute would let them fill one
 * bucket of a table. Each word is multiplied with the state to 128 bits and folded; the seed keeps
 * the state from being known.
 */
#include "join/flowkey.h"

static uint64_t
mix(uint64_t hash, uint64_t word)
{
	unsigned __int128 product = (unsigned __int128)(hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t
flowkey_hash(const struct flowkey *key, uint64_t seed)
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
