/*
 * Keys (packet/tlskey.h) that wait for their hello, in memory only, within bounds of number and time.
 */
#ifndef VCAP_KEYWAIT_H
#define VCAP_KEYWAIT_H

#include "base/failure.h"
#include "base/siphash.h"
#include "packet/tlskey.h"

#include <stddef.h>
#include <stdint.h>

struct keywait;

/* Room for `most` keys, a power of two, in memory that is neither swapped, as far as that is allowed,
 * nor dumped. NULL: out of memory. */
struct keywait *keywait_new(size_t most, struct siphash_key secret, struct failure *why);
/* Overwrites and frees them. wait may be NULL. */
void keywait_free(struct keywait *wait);

/* Adds a key; the oldest goes if there is no room. */
void keywait_add(struct keywait *wait, const struct tlskey *key, int64_t now_ns);

/* Hands the keys of this client random to take, the oldest first, and forgets them. */
void keywait_take(struct keywait *wait, const unsigned char random[TLSKEY_RANDOM],
		  void (*take)(void *context, const struct tlskey *key), void *context);

/* Forgets those that were added before then. */
void keywait_expire(struct keywait *wait, int64_t before_ns);

/* How many wait. */
size_t keywait_count(const struct keywait *wait);

#endif
