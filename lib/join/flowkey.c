/*
 * Outsiders choose addresses and ports, so a hash that they can compute would let them fill one
 * bucket of a table. SipHash-1-3 is keyed by a secret. Its input is one word with both addresses,
 * or four (IPv6), and a last one that holds ports, families and protocol beside the length.
 */
#include "join/flowkey.h"

uint64_t
flowkey_hash(const struct flowkey *key, const struct siphash_key *secret)
{
	struct siphash_state state = siphash_begin(secret);
	const uint64_t rest = (uint64_t)key->port << 40 | (uint64_t)key->other_port << 24 |
			      (uint64_t)key->one.family << 16 | (uint64_t)key->other.family << 8 |
			      key->protocol;

	if (key->one.family != 6 && key->other.family != 6) {
		siphash_word(&state, (uint64_t)key->one.value << 32 | (uint32_t)key->other.value);
		return siphash_end(&state, UINT64_C(15) << 56 | rest);
	}
	siphash_word(&state, (uint64_t)key->one.value);
	siphash_word(&state, (uint64_t)(key->one.value >> 64));
	siphash_word(&state, (uint64_t)key->other.value);
	siphash_word(&state, (uint64_t)(key->other.value >> 64));
	return siphash_end(&state, UINT64_C(39) << 56 | rest);
}
