#include "packet/addrset.h"

#include "tap.h"

#include <stdlib.h>

static void
refused(const char *spec)
{
	struct addrset set = ADDRSET_INIT;
	struct failure why = FAILURE_INIT;
	char quoted[300];

	snprintf(quoted, sizeof(quoted), "'%s'", spec);
	ok(addrset_add(&set, spec, &why) < 0 && strstr(why.text, quoted) && addrset_is_empty(&set),
	   "refused: %s", why.text);
	addrset_release(&set);
}

/* The set that the words make, as "FIRST-LAST ..." */
static const char *
sealed(const char *words)
{
	static char text[1024];
	struct addrset set = ADDRSET_INIT;
	struct failure why = FAILURE_INIT;
	char first[ADDR_TEXT], last[ADDR_TEXT];
	size_t used = 0;

	text[0] = '\0';
	if (addrset_add_lines(&set, words, "words", &why) < 0)
		return "refused";
	addrset_seal(&set);
	for (int family = 4; family <= 6; family += 2) {
		const struct intervals *in = family == 4 ? &set.v4 : &set.v6;

		for (size_t i = 0; i < in->count; i++)
			used += (size_t)snprintf(
			    text + used, sizeof(text) - used, "%s%s-%s", used ? " " : "",
			    addr_format((struct addr){(uint8_t)family, in->list[i].first}, first,
					sizeof(first)),
			    addr_format((struct addr){(uint8_t)family, in->list[i].last}, last,
					sizeof(last)));
	}
	addrset_release(&set);
	return text;
}

static bool
has(const char *words, const char *word)
{
	struct addrset set = ADDRSET_INIT;
	struct addr addr = {0};
	bool found;

	addrset_add_lines(&set, words, "words", NULL);
	addrset_seal(&set);
	addr_parse(&addr, word, NULL);
	found = addrset_has(&set, addr);
	addrset_release(&set);
	return found;
}

static bool
meet(const char *some, const char *others)
{
	struct addrset a = ADDRSET_INIT, b = ADDRSET_INIT;
	bool met;

	addrset_add_lines(&a, some, "some", NULL);
	addrset_add_lines(&b, others, "others", NULL);
	addrset_seal(&a);
	addrset_seal(&b);
	met = addrset_meets(&a, &b) && addrset_meets(&b, &a);
	addrset_release(&a);
	addrset_release(&b);
	return met;
}

static bool
cover(const char *some, const char *others)
{
	struct addrset a = ADDRSET_INIT, b = ADDRSET_INIT;
	bool covers;

	addrset_add_lines(&a, some, "some", NULL);
	addrset_add_lines(&b, others, "others", NULL);
	addrset_seal(&a);
	addrset_seal(&b);
	covers = addrset_covers(&a, &b);
	addrset_release(&a);
	addrset_release(&b);
	return covers;
}

static void
lists_of_lines(void)
{
	struct addrset set = ADDRSET_INIT;
	struct failure why = FAILURE_INIT;

	ok(addrset_add_lines(&set, "10.0.0.1 10.0.0.3\n\n# note\n10.0.0.5#x\n\t10.0.0.300 y\n",
			     "list", &why) < 0,
	   "a bad line is refused");
	is_str(why.text, "list:5: not an address: '10.0.0.300'", "and named");
	ok(set.v4.count == 3, "the lines before it have been added");
	addrset_release(&set);
}

static void
malformed_specs(void)
{
	static const char *const bad[] = {
	    "",
	    "10.1.1",
	    "10.1.1.300",
	    "10.1.1.1.1",
	    "010.1.1.1",
	    "10.1.1.1 ",
	    "+10.1.1.1",
	    "0x0a.1.1.1",
	    "10.1.1.9-10.1.1.1",
	    "10.1.1.1-",
	    "-10.1.1.1",
	    "10.1.1.1-2001:db8::1",
	    "10.1.1.1-10.1.1.2-10.1.1.3",
	    "1.2.3.4/33",
	    "1.2.3.4/",
	    "1.2.3.4/08",
	    "1.2.3.4/-1",
	    "1.2.3.4/4294967297",
	    "2001:db8::/129",
	    "2001:db8:::1",
	    "fe80::1%eth0",
	    "::1-10.0.0.1",
	    "host.example.com",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refused(bad[i]);
}

static void
sorted_and_merged(void)
{
	is_str(sealed("10.1.1.1"), "10.1.1.1-10.1.1.1", "an address");
	is_str(sealed("10.1.1.77/24"), "10.1.1.0-10.1.1.255", "host bits are masked away");
	is_str(sealed("10.1.1.2 10.1.1.1 10.1.1.1"), "10.1.1.1-10.1.1.2", "sorted and merged");
	is_str(sealed("10.1.1.0/25 10.1.1.128/25"), "10.1.1.0-10.1.1.255", "touching is merged");
	is_str(sealed("10.0.0.0/8 10.1.1.1 10.2.0.0/16"), "10.0.0.0-10.255.255.255",
	       "nested is merged");
}

static void
ends_of_the_address_space(void)
{
	is_str(sealed("0.0.0.0/0 255.255.255.255 0.0.0.0"), "0.0.0.0-255.255.255.255", "all of v4");
	is_str(sealed("255.255.255.255/32 0.0.0.0/32"),
	       "0.0.0.0-0.0.0.0 255.255.255.255-255.255.255.255", "first and last");
	is_str(sealed("::/0 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
	       "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "all of v6");
}

static void
ipv6(void)
{
	is_str(sealed("2001:db8::1/128 2001:DB8:0:0::2"), "2001:db8::1-2001:db8::2", "v6");
	is_str(sealed("::ffff:10.0.0.1 10.0.0.1"),
	       "10.0.0.1-10.0.0.1 ::ffff:10.0.0.1-::ffff:10.0.0.1", "a mapped address is v6");
}

static void
membership(void)
{
	ok(has("10.0.0.0/30 10.0.0.8", "10.0.0.3"), "has the last of a subnet");
	ok(!has("10.0.0.0/30 10.0.0.8", "10.0.0.4"), "has not the one after it");
	ok(!has("10.0.0.1", "::a00:1"), "families are apart");
	ok(!has("", "10.0.0.1"), "an empty set has nothing");
}

static void
intersection(void)
{
	ok(meet("10.0.0.1 10.0.0.9 2001:db8::1", "10.0.0.5-10.0.0.9"), "sets meet");
	ok(!meet("10.0.0.1 10.0.0.9 2001:db8::1", "10.0.0.5-10.0.0.8 2001:db8::2"),
	   "sets do not meet");
}

static void
inclusion(void)
{
	ok(cover("10.0.0.0/24 10.0.1.0/24 2001:db8::/32", "10.0.0.9-10.0.1.7 2001:db8::1"),
	   "a set covers another");
	ok(cover("10.0.0.1", "") && !cover("", "10.0.0.1") && !cover("10.0.0.1", "10.0.0.0/31") &&
	       !cover("10.0.0.1", "10.0.0.1 2001:db8::1") &&
	       !cover("10.0.0.1 10.0.0.3", "10.0.0.1-10.0.0.3"),
	   "... or not");
}

int
main(void)
{
	malformed_specs();
	sorted_and_merged();
	ends_of_the_address_space();
	ipv6();
	membership();
	intersection();
	inclusion();
	lists_of_lines();
	return done_testing();
}
