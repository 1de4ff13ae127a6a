/* Pseudonyms: those of Crypto-PAn, a permutation that keeps prefixes, and addresses in texts. */
#include "packet/pseudonym.h"
#include "tap.h"

#include <stdlib.h>

/* The key and the addresses of the sample that Crypto-PAn comes with. */
static const unsigned char sample_key[PSEUDONYM_KEY] = {
    21,  34,  23,  141, 51,  164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
    216, 152, 143, 131, 121, 121, 101, 39,  98, 87, 76, 45, 42, 132, 34,  2};

static struct pseudonyms *pseudonyms;

static void
named(const char *from, const char *to)
{
	struct addr addr;
	char text[ADDR_TEXT];

	addr_parse(&addr, from, NULL);
	is_str(addr_format(pseudonym_of(pseudonyms, addr), text, sizeof(text)), to, from);
}

static void
test_sample(void)
{
	named("128.11.68.132", "135.242.180.132");
	named("129.118.74.4", "134.136.186.123");
	named("130.132.252.244", "133.68.164.234");
	named("141.223.7.43", "141.167.8.160");
	named("141.233.145.108", "141.129.237.235");
	named("152.163.225.39", "151.140.114.167");
	named("156.29.3.236", "147.225.12.42");
	named("165.247.96.84", "162.9.99.234");
	named("166.107.77.190", "160.132.178.185");
	/* Crypto-PAn itself: 252.138.62.131, of another kind. */
	named("192.102.249.13", "204.138.62.131");
}

static void
test_own(void)
{
	static const char *const own[] = {"127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.18",
					  "::",        "::1",     "ff02::1"};

	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		named(own[i], own[i]);
}

static int
common_bits(struct addr a, struct addr b)
{
	const int bits = a.family == 4 ? 32 : 128;
	const unsigned __int128 differing = a.value ^ b.value;
	int common = 0;

	while (common < bits && !(differing >> (bits - 1 - common) & 1))
		common++;
	return common;
}

static unsigned
random_bits(void)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 32);
}

/* Addresses that share a prefix of any length. */
static void
test_prefixes(uint8_t family, unsigned __int128 first)
{
	const int bits = family == 4 ? 32 : 128;
	bool keeps = true, repeats = true;

	for (int i = 0; i < 2000; i++) {
		struct addr a = {family, first}, b = {family, first}, x, y;
		const int flipped = (int)(random_bits() % (unsigned)(bits - 8));

		for (int bit = 0; bit < bits - 16; bit += 16)
			a.value ^= (unsigned __int128)(random_bits() & 0xffff) << bit;
		b.value = a.value ^ (unsigned __int128)1 << flipped;
		x = pseudonym_of(pseudonyms, a);
		y = pseudonym_of(pseudonyms, b);
		keeps &= common_bits(a, b) == common_bits(x, y);
		repeats &= pseudonym_of(pseudonyms, a).value == x.value;
	}
	ok(keeps && repeats, "IPv%d: addresses share as many bits as their pseudonyms", family);
}

static void
test_kinds(void)
{
	struct addr local, unique;

	addr_parse(&local, "fe80::1234:5678", NULL);
	addr_parse(&unique, "fd00:1::11", NULL);
	ok(pseudonym_of(pseudonyms, local).value >> 118 == 0xfe80 >> 6 &&
	       pseudonym_of(pseudonyms, local).value != local.value,
	   "a link-local address has a link-local one");
	ok(pseudonym_of(pseudonyms, unique).value >> 121 == 0xfc >> 1, "a unique local one, too");
}

static void
text_is(const char *from, const char *wanted)
{
	char *text = pseudonym_text(pseudonyms, from);

	is_str(text, wanted, from);
	free(text);
}

static void
test_texts(void)
{
	text_is("", "");
	text_is("no address", "no address");
	text_is("to 128.11.68.132:80, [128.11.68.132]:443 and 128.11.68.132.",
		"to 135.242.180.132:80, [135.242.180.132]:443 and 135.242.180.132.");
	text_is("128.11.68.132/32 or 128.11.68.132-129.118.74.4",
		"135.242.180.132/32 or 135.242.180.132-134.136.186.123");
	text_is("10.0.0.300 12:30:45 v1.2", "10.0.0.300 12:30:45 v1.2");
	text_is("ssh:128.11.68.132,e128.11.68.132", "ssh:135.242.180.132,e135.242.180.132");
}

static void
test_ethernet(void)
{
	unsigned char address[6] = {2, 0, 0x5e, 1, 2, 3}, again[6],
		      group[6] = {1, 0, 0x5e, 1, 2, 3};

	memcpy(again, address, 6);
	pseudonym_ethernet(pseudonyms, address);
	ok(memcmp(address, again, 3) == 0 && memcmp(address + 3, again + 3, 3) != 0,
	   "an Ethernet address keeps who made it");
	pseudonym_ethernet(pseudonyms, again);
	ok(memcmp(address, again, 6) == 0, "... and has the same one each time");
	pseudonym_ethernet(pseudonyms, group);
	ok(group[5] == 3, "a group's stays");
}

int
main(void)
{
	struct failure why;

	pseudonyms = pseudonyms_new(sample_key, &why);
	ok(pseudonyms != NULL, "a key");
	test_sample();
	test_own();
	test_prefixes(4, 0xa0000000);
	test_prefixes(6, (unsigned __int128)0x20010db800000000 << 64);
	test_kinds();
	test_texts();
	test_ethernet();
	pseudonyms_free(pseudonyms);
	return done_testing();
}
