/* Keys that wait: each is taken by its random once, unless it has had to go. */
#include "../tap.h"
#include "flows/keywait.h"

#include <stdlib.h>

static const struct siphash_key secret = {{3, 4}};

static struct tlskey
key_of(unsigned random, unsigned char number)
{
	struct tlskey key = {.label = number, .size = 48, .secret = {number}};

	memcpy(key.random, &random, sizeof(random));
	return key;
}

struct taken {
	unsigned count;
	unsigned char last;
	bool in_order;
};

static void
take(void *context, const struct tlskey *key)
{
	struct taken *taken = context;

	taken->in_order = taken->count++ == 0 || key->secret[0] > taken->last;
	taken->last = key->secret[0];
}

static struct taken
taken_of(struct keywait *wait, unsigned random)
{
	const struct tlskey key = key_of(random, 0);
	struct taken taken = {0};

	keywait_take(wait, key.random, take, &taken);
	return taken;
}

int
main(void)
{
	struct failure why;
	struct keywait *wait = keywait_new(64, secret, &why);
	unsigned wrong = 0;

	for (unsigned i = 0; i < 30; i++)
		for (unsigned char n = 1; n < 3; n++) {
			const struct tlskey key = key_of(i, n);

			keywait_add(wait, &key, i);
		}
	ok(keywait_count(wait) == 60, "keys wait");
	for (unsigned i = 0; i < 30; i += 2) {
		const struct taken taken = taken_of(wait, i);

		wrong += taken.count != 2 || !taken.in_order;
	}
	ok(wrong == 0, "those of a random are taken in their order");
	ok(taken_of(wait, 0).count == 0 && keywait_count(wait) == 30, "once");
	keywait_expire(wait, 21);
	ok(taken_of(wait, 19).count == 0 && taken_of(wait, 21).count == 2, "those before go");
	for (unsigned i = 100; i < 1100; i++) {
		const struct tlskey key = key_of(i, 1);

		keywait_add(wait, &key, 50);
	}
	ok(keywait_count(wait) == 64, "there are never more than there is room for");
	wrong = 0;
	for (unsigned i = 100; i < 1100; i++)
		wrong += taken_of(wait, i).count != (i >= 1100 - 64);
	ok(wrong == 0, "and then the oldest have gone");
	ok(keywait_count(wait) == 0, "none is left");
	keywait_free(wait);
	return done_testing();
}
