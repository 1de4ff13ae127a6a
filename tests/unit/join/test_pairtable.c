/* Pairs are found by ends and time; new ones replace the oldest. */
#include "join/pairtable.h"
#include "packet/dissect.h"
#include "tap.h"

#include <stdio.h>

#define SECOND INT64_C(1000000000)

/* The sum of the client ports of the pairs found. */
static unsigned found;

static void
count(void *context, const struct evidence *evidence, enum pair_match match)
{
	(void)context;
	(void)match;
	found += evidence->client.port;
}

static unsigned
find_as(const struct pairtable *pairs, uint16_t port, int64_t first_ns, int64_t last_ns,
	bool or_before)
{
	struct flowkey ends = {.one = {4, 0x0a000901},
			       .other = {4, 0x0a00010b},
			       .port = port,
			       .other_port = 8080,
			       .protocol = PROTOCOL_TCP};
	struct pair_period period = {first_ns, last_ns, or_before};

	found = 0;
	pairtable_find(pairs, &ends, &period, count, NULL);
	return found;
}

static unsigned
find(const struct pairtable *pairs, uint16_t port, int64_t first_ns, int64_t last_ns)
{
	return find_as(pairs, port, first_ns, last_ns, false);
}

static void
add(struct pairtable *pairs, const char *line)
{
	struct connpair pairing;

	connpair_parse(&pairing, line, NULL);
	pairtable_add(pairs, &pairing);
}

/* A connection that had begun when it was first seen. */
static void
test_older(void)
{
	struct pairtable *pairs = pairtable_new(1000, (struct siphash_key){{3, 3}}, NULL);

	add(pairs, "9 end tcp 10.1.0.7:1 - 10.0.9.1:7 10.0.1.11:8080");
	add(pairs, "10 new tcp 10.1.0.7:1 - 10.0.9.1:7 10.0.1.11:8080");
	add(pairs, "30 new tcp 10.1.0.7:4 - 10.0.9.1:7 10.0.1.11:8080");
	add(pairs, "20 new tcp 10.1.0.7:2 - 10.0.9.1:7 10.0.1.11:8080");
	ok(find_as(pairs, 7, 25 * SECOND, 26 * SECOND, false) == 0, "one that begins is not older");
	ok(find_as(pairs, 7, 25 * SECOND, 26 * SECOND, true) == 2, "the newest before it");
	ok(find_as(pairs, 7, 20 * SECOND, 30 * SECOND, true) == 6,
	   "none before if there are others");
	ok(find_as(pairs, 7, 1 * SECOND, 9 * SECOND, true) == 0, "there is none before");
	ok(find_as(pairs, 8, 25 * SECOND, 26 * SECOND, true) == 0, "of other ends");
	add(pairs, "24 end tcp 10.1.0.7:2 - 10.0.9.1:7 10.0.1.11:8080");
	ok(find_as(pairs, 7, 25 * SECOND, 26 * SECOND, true) == 0, "it had ended by then");
	ok(find_as(pairs, 7, 24 * SECOND, 26 * SECOND, true) == 2, "and not before");
	ok(find_as(pairs, 7, 35 * SECOND, 36 * SECOND, true) == 4, "the next has not");
	pairtable_free(pairs);
}

static void
test_found(void)
{
	struct pairtable *pairs = pairtable_new(1000, (struct siphash_key){{3, 3}}, NULL);
	struct connpair pairing;
	char line[CONNPAIR_TEXT];

	for (int i = 1; i <= 3000; i++) {
		snprintf(
		    line, sizeof(line),
		    "%d.000000000 new tcp 10.1.0.7:%d 192.0.2.10:443 10.0.9.1:%d 10.0.1.11:8080", i,
		    i, 1 + i % 5);
		connpair_parse(&pairing, line, NULL);
		pairtable_add(pairs, &pairing);
	}
	ok(find(pairs, 1, 2990 * SECOND, 3000 * SECOND) == 2990 + 2995 + 3000, "by ports and time");
	ok(find(pairs, 2, 0, 2000 * SECOND) == 0, "the oldest have given way");
	ok(find(pairs, 2, 0, 2001 * SECOND) == 2001, "and no newer");
	ok(find(pairs, 9, 0, 3000 * SECOND) == 0, "no pair of another port");
	connpair_parse(&pairing, "1 new tcp 10.1.0.7:5 - 10.0.9.1:* 10.0.1.11:8080", NULL);
	pairtable_add(pairs, &pairing);
	ok(find(pairs, 9, 0, 3000 * SECOND) == 5, "one that knows no port is of any");
	connpair_parse(&pairing, "1 new tcp 10.1.0.7:6 - - 10.0.1.11:8080", NULL);
	pairtable_add(pairs, &pairing);
	ok(find(pairs, 9, 0, 3000 * SECOND) == 11, "and one that knows no engine");
	connpair_parse(&pairing, "1 new tcp 10.1.0.7:6 - 10.0.9.1:9 10.0.1.11:*", NULL);
	ok(!pairtable_add(pairs, &pairing), "without a server's port it joins nothing");
	pairtable_free(pairs);
}

int
main(void)
{
	test_found();
	test_older();
	return done_testing();
}
