/* The same packet on two interfaces is told from one that came twice. */
#include "capture/doubles.h"
#include "tap.h"

static struct doubles doubles;

static bool
has(int ifindex, int64_t ts_ns, const char *text)
{
	const struct packet packet = {.ts_ns = ts_ns,
				      .data = (const unsigned char *)text,
				      .caplen = (uint32_t)strlen(text),
				      .len = (uint32_t)strlen(text)};

	return doubles_has(&doubles, &packet, ifindex);
}

int
main(void)
{
	ok(!has(2, 1000, "a packet"), "the first");
	ok(has(3, 1000, "a packet"), "the same on another interface");
	ok(has(3, 900, "a packet"), "... also with an earlier time, as when it is sent");
	ok(!has(3, 1000, "another"), "another one at that time");
	ok(!has(2, 1000, "a packet"), "again on its own interface: a packet of its own");
	ok(!has(3, 2000000, "a packet"), "the same, but later");
	for (int i = 0; i < DOUBLES_MAX; i++)
		has(4, 2000000, (const char *const[]){"b", "c", "d", "e"}[i % 4]);
	ok(!has(2, 2000000, "a packet"), "what came long before is forgotten");
	return done_testing();
}
