/* SipHash-1-3 of the bytes 0, 1, 2 ... under the key 00 01 ... 0f, as in the authors' own tests;
 * `openssl mac -macopt c-rounds:1 -macopt d-rounds:3 ... SIPHASH` says the same. */
#include "base/siphash.h"
#include "tap.h"

#include <inttypes.h>

static const struct siphash_key key = {
    {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)}};

static void
hash_is(size_t size, uint64_t wanted)
{
	unsigned char bytes[64];
	uint64_t got;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	got = siphash(&key, bytes, size);
	ok(got == wanted, "%zu bytes: %016" PRIx64, size, got);
}

int
main(void)
{
	static const uint64_t words[] = {UINT64_C(0x0706050403020100),
					 UINT64_C(0x0f0e0d0c0b0a0908)};

	hash_is(0, UINT64_C(0xabac0158050fc4dc));
	hash_is(1, UINT64_C(0xc9f49bf37d57ca93));
	hash_is(7, UINT64_C(0xd3927d989bb11140));
	hash_is(8, UINT64_C(0x369095118d299a8e));
	hash_is(9, UINT64_C(0x25a48eb36c063de4));
	hash_is(15, UINT64_C(0xd320d86d2a519956));
	hash_is(16, UINT64_C(0xcc4fdd1a7d908b66));
	hash_is(24, UINT64_C(0xf464aeb267349c8c));
	hash_is(63, UINT64_C(0x9d199062b7bbb3a8));
	ok(siphash_words(&key, words, 2) == siphash(&key, words, sizeof(words)) ||
	       __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__,
	   "words are their bytes in little-endian order");
	return done_testing();
}
