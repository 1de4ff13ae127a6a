/*
 * An LRU cache: the time of each of a bounded number of keys. When it is full, the keys with the
 * oldest times are evicted.
 */
#ifndef VCAP_LRU_H
#define VCAP_LRU_H

#include "base/failure.h"
#include "join/flowkey.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lru;

/* Holds at most `most` keys. secret, which is random, keys the hash. Memory for the
 * keys is taken at the first lru_touch. NULL: out of memory. */
struct lru *lru_new(size_t most, struct siphash_key secret, struct failure *why);
/* lru may be NULL. */
void lru_free(struct lru *lru);

/* Sets the time of the key to time_ns, or leaves it if it is later. Without memory the key is not
 * kept. */
void lru_touch(struct lru *lru, const struct flowkey *key, int64_t time_ns);

/* Whether the key is in the cache, and its time in *time_ns. */
bool lru_find(const struct lru *lru, const struct flowkey *key, int64_t *time_ns);
#endif
