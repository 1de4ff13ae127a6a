/*
 * A set of client randoms (clienthello.h), with a byte for each that is its user's. Of more than it may
 * hold the oldest go first.
 */
#ifndef VCAP_HELLOSET_H
#define VCAP_HELLOSET_H

#include "base/siphash.h"
#include "packet/tlskey.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct helloset_entry {
	unsigned char random[TLSKEY_RANDOM];
	uint8_t mark;  /* the user's; 0 at first */
	uint32_t next; /* private */
};

struct helloset {
	struct siphash_key secret;
	size_t most;                    /* entries, a power of two */
	struct helloset_entry *entries; /* heap */
	uint32_t *buckets; /* heap: numbers of entries, plus one; as many as there is room */
	size_t count, room, oldest;
	uint64_t evicted; /* how many had to go */
};

/* secret, which is random, keys the hash; most is a power of two. */
#define HELLOSET_INIT(key, number) ((struct helloset){.secret = (key), .most = (number)})

/* Frees the entries; set is empty afterwards, with its secret and its bound. */
void helloset_release(struct helloset *set);

/* Adds a random. 1: it is new; 0: it is in the set; -1: out of memory. */
int helloset_add(struct helloset *set, const unsigned char random[TLSKEY_RANDOM]);

/* The entry of a random, valid until another is added. NULL: it is not in the set. */
struct helloset_entry *helloset_find(const struct helloset *set,
				     const unsigned char random[TLSKEY_RANDOM]);

#endif
