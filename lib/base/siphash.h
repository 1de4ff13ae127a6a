/*
 * SipHash-1-3: a hash with a secret key, for tables whose keys come from outside (J.-P. Aumasson
 * and D. J. Bernstein, "SipHash: a fast short-input PRF", 2012; 1-3 is its variant with one round a
 * word and three at the end). Without the key an attacker cannot choose inputs that share a bucket.
 */
#ifndef VCAP_SIPHASH_H
#define VCAP_SIPHASH_H

#include "base/failure.h"

#include <stddef.h>
#include <stdint.h>

/* Random and kept secret. One key may serve several tables. */
struct siphash_key {
	uint64_t words[2];
};

/* Draws a key by getrandom(2), which a sandbox may forbid. -1 with why. */
int siphash_draw_key(struct siphash_key *key, struct failure *why);

/* The steps of the algorithm, for hashes of words at hand. */
struct siphash_state {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t
siphash_rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void
siphash_round(struct siphash_state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = siphash_rotate(s->v1, 13) ^ s->v0;
	s->v3 = siphash_rotate(s->v3, 16) ^ s->v2;
	s->v0 = siphash_rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = siphash_rotate(s->v1, 17) ^ s->v2;
	s->v3 = siphash_rotate(s->v3, 21) ^ s->v0;
	s->v2 = siphash_rotate(s->v2, 32);
}

static inline struct siphash_state
siphash_begin(const struct siphash_key *key)
{
	return (struct siphash_state){
	    .v0 = key->words[0] ^ UINT64_C(0x736f6d6570736575),
	    .v1 = key->words[1] ^ UINT64_C(0x646f72616e646f6d),
	    .v2 = key->words[0] ^ UINT64_C(0x6c7967656e657261),
	    .v3 = key->words[1] ^ UINT64_C(0x7465646279746573),
	};
}

static inline void
siphash_word(struct siphash_state *s, uint64_t word)
{
	s->v3 ^= word;
	siphash_round(s);
	s->v0 ^= word;
}

/* last: the bytes after the last whole word, with the length of the input in the top byte. */
static inline uint64_t
siphash_end(struct siphash_state *s, uint64_t last)
{
	siphash_word(s, last);
	s->v2 ^= 0xff;
	siphash_round(s);
	siphash_round(s);
	siphash_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* The hash of count words: that of their bytes in little-endian order. */
static inline uint64_t
siphash_words(const struct siphash_key *key, const uint64_t *words, size_t count)
{
	struct siphash_state s = siphash_begin(key);

	for (size_t i = 0; i < count; i++)
		siphash_word(&s, words[i]);
	return siphash_end(&s, (uint64_t)count << 59);
}

/* The hash of size bytes. */
uint64_t siphash(const struct siphash_key *key, const void *bytes, size_t size);

#endif
