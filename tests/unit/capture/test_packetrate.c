#include "capture/packetrate.h"
#include "tap.h"

#define S INT64_C(1000000000)

static const char all[] = "1,6 0 0 1", none[] = "1,6 0 0 0";

static void
see(struct packetrates *rates, size_t loop, unsigned count)
{
	const unsigned char bytes[60] = {0};
	const struct packet packet = {.data = bytes, .caplen = sizeof(bytes), .len = sizeof(bytes)};

	while (count--)
		packetrates_see(rates, loop, &packet);
}

/* Twenty packets a second for a minute, looked at five times a second. */
static void
steady(uint64_t wanted, int64_t within, unsigned told)
{
	struct packetrates rates = {0};
	struct failure why;
	unsigned count = 0;

	packetrates_add(&rates, wanted, within, all, &why);
	packetrates_open(&rates, 2, &why);
	for (unsigned i = 0; i < 300; i++) {
		see(&rates, i % 2, 4);
		count += packetrates_look(&rates, 0, i * S / 5) > 0;
	}
	ok(count == told, "%u of 1200 packets in a minute: told %u times, not %u", (unsigned)wanted,
	   count, told);
	packetrates_release(&rates);
}

int
main(void)
{
	struct packetrates rates = {0};
	struct failure why;

	ok(packetrates_add(&rates, 1, S, "x", &why) < 0, "no program: %s", why.text);
	ok(packetrates_add(&rates, 10, 2 * S, all, &why) == 0 &&
	       packetrates_add(&rates, 1, S, none, &why) == 0 &&
	       packetrates_open(&rates, 2, &why) == 0,
	   "two rates");
	see(&rates, 0, 6);
	see(&rates, 1, 3);
	ok(packetrates_look(&rates, 0, 100 * S) == 0, "nine packets");
	ok(packetrates_look(&rates, 0, 101 * S) == 0, "... are nine");
	see(&rates, 1, 1);
	ok(packetrates_look(&rates, 0, 101 * S + S / 2) == 0,
	   "what came before the first look counts no more");
	see(&rates, 0, 9);
	ok(packetrates_look(&rates, 0, 102 * S) == 10, "ten in two seconds, of both loops");
	ok(packetrates_look(&rates, 0, 102 * S + S / 5) == 0, "... are told once");
	see(&rates, 0, 9);
	ok(packetrates_look(&rates, 0, 103 * S) == 0, "nine more");
	see(&rates, 0, 5);
	ok(packetrates_look(&rates, 0, 106 * S) == 0, "five, long after them");
	ok(packetrates_look(&rates, 1, 106 * S) == 0, "none of a program that accepts nothing");
	packetrates_release(&rates);
	steady(21, S, 0);
	steady(20, S, 59);
	steady(200, 10 * S, 5);
	return done_testing();
}
