/*
 * A ring of keys in the order of their coming, and chains of those whose randoms share a bucket, the newest
 * last. What has been taken stays in the ring as an empty place until its turn to go comes.
 */
#include "flows/keywait.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

struct place {
	struct tlskey key;
	int64_t added_ns;
	uint32_t next; /* number plus one; 0: the last of its chain */
	bool is_used;
};

struct keywait {
	struct siphash_key secret;
	size_t most, first, places, used; /* places: from the first, used ones and empty ones */
	size_t size;                      /* bytes of all this */
	uint32_t *buckets;                /* numbers plus one */
	struct place list[];
};

struct keywait *
keywait_new(size_t most, struct siphash_key secret, struct failure *why)
{
	const size_t size =
	    sizeof(struct keywait) + most * sizeof(struct place) + most * sizeof(uint32_t);
	struct keywait *wait =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (wait == MAP_FAILED) {
		failure_nomem(why);
		return NULL;
	}
	/* Without the right to it, or the kernel's help, they may get into swap. */
	(void)mlock2(wait, size, MLOCK_ONFAULT);
	(void)madvise(wait, size, MADV_DONTDUMP);
	wait->secret = secret;
	wait->most = most;
	wait->size = size;
	wait->buckets = (uint32_t *)(wait->list + most);
	return wait;
}

void
keywait_free(struct keywait *wait)
{
	if (!wait)
		return;
	explicit_bzero(wait->list, wait->most * sizeof(*wait->list));
	munmap(wait, wait->size);
}

static uint32_t *
bucket_of(struct keywait *wait, const unsigned char random[TLSKEY_RANDOM])
{
	return &wait->buckets[siphash(&wait->secret, random, TLSKEY_RANDOM) & (wait->most - 1)];
}

/* Forgets the key that *link leads to. */
static void
drop(struct keywait *wait, uint32_t *link)
{
	struct place *place = &wait->list[*link - 1];

	*link = place->next;
	place->is_used = false;
	wait->used--;
	explicit_bzero(&place->key, sizeof(place->key));
}

/* The first place of the ring becomes free. */
static void
drop_first(struct keywait *wait)
{
	struct place *place = &wait->list[wait->first];

	if (place->is_used) {
		uint32_t *link = bucket_of(wait, place->key.random);

		while (*link != wait->first + 1)
			link = &wait->list[*link - 1].next;
		drop(wait, link);
	}
	wait->first = (wait->first + 1) & (wait->most - 1);
	wait->places--;
}

void
keywait_add(struct keywait *wait, const struct tlskey *key, int64_t now_ns)
{
	uint32_t *link = bucket_of(wait, key->random);
	size_t number;

	if (wait->places == wait->most)
		drop_first(wait);
	number = (wait->first + wait->places++) & (wait->most - 1);
	wait->used++;
	wait->list[number] = (struct place){.key = *key, .added_ns = now_ns, .is_used = true};
	while (*link)
		link = &wait->list[*link - 1].next;
	*link = (uint32_t)number + 1;
}

void
keywait_take(struct keywait *wait, const unsigned char random[TLSKEY_RANDOM],
	     void (*take)(void *context, const struct tlskey *key), void *context)
{
	uint32_t *link = bucket_of(wait, random);

	while (*link) {
		struct place *place = &wait->list[*link - 1];

		if (memcmp(place->key.random, random, TLSKEY_RANDOM) == 0) {
			take(context, &place->key);
			drop(wait, link);
		} else {
			link = &place->next;
		}
	}
}

void
keywait_expire(struct keywait *wait, int64_t before_ns)
{
	while (wait->places > 0 &&
	       (!wait->list[wait->first].is_used || wait->list[wait->first].added_ns < before_ns))
		drop_first(wait);
}

size_t
keywait_count(const struct keywait *wait)
{
	return wait->used;
}
