#include "base/siphash.h"

#include <sys/random.h>

int
siphash_draw_key(struct siphash_key *key, struct failure *why)
{
	if (getrandom(key, sizeof(*key), 0) == sizeof(*key))
		return 0;
	return failure_errno(why, "cannot get random numbers");
}

/* Up to 8 bytes, the first of them the lowest, on any host. */
static uint64_t
load(const unsigned char *bytes, size_t size)
{
	uint64_t word = 0;

	for (size_t i = 0; i < size; i++)
		word |= (uint64_t)bytes[i] << 8 * i;
	return word;
}

uint64_t
siphash(const struct siphash_key *key, const void *bytes, size_t size)
{
	struct siphash_state s = siphash_begin(key);
	const unsigned char *p = bytes;
	const size_t whole = size & ~(size_t)7;

	for (size_t i = 0; i < whole; i += 8)
		siphash_word(&s, load(p + i, 8));
	return siphash_end(&s, load(p + whole, size - whole) | (uint64_t)size << 56);
}
