/* What was lost when: kept as long as asked for, summed up by windows, read back as written. */
#include "capture/losstimes.h"
#include "tap.h"

#include "base/clock.h"

#include <string.h>

#define S NS_PER_SECOND

static struct losstimes times;

/* A status of it. */
static struct keyval
told(void)
{
	struct keyval kv = KEYVAL_INIT;

	for (size_t i = 0; i < times.count; i++) {
		char key[32], text[LOSSTIMES_TEXT_MAX];

		snprintf(key, sizeof(key), LOSSTIMES_KEY "%zu", i);
		losstimes_format(&times.list[i], text);
		keyval_set(&kv, key, "%s", text);
	}
	return kv;
}

static size_t
sum(int64_t from_ns, int64_t to_ns, struct loss *to)
{
	struct keyval kv = told();
	const size_t count = losstimes_sum(&kv, from_ns, to_ns, to, 8);

	keyval_release(&kv);
	return count;
}

/* A second each, in which so many SYNs were dropped, and the second after which each was. */
static void
lose(int from, int to, uint64_t count)
{
	for (int at = from; at < to; at++) {
		losstimes_read(&times, at * S, (at - 900) * S);
		if (count)
			losstimes_add(
			    &times, LOSS_LISTEN_OVERFLOWS,
			    at % 2 ? "192.0.2.10:443" : "[2001:db8::10]:80 192.0.2.10:443", count);
	}
}

static void
test_windows(void)
{
	struct loss found[8];

	losstimes_init(&times, 100 * S);
	lose(1000, 1010, 0);
	lose(1010, 1015, 3);
	losstimes_add(&times, LOSS_CONNTRACK_DROP, "", 2);
	losstimes_add(&times, LOSS_RX_DROPPED, "eth0", 7);
	losstimes_add(&times, LOSS_RX_DROPPED, "eth1", 9);
	lose(1015, 1020, 0);
	ok(sum(0, 5000 * S, found) == 4, "four counters");
	ok(found[0].kind == LOSS_LISTEN_OVERFLOWS && found[0].count == 15 &&
	       strcmp(found[0].place, "[2001:db8::10]:80 192.0.2.10:443") == 0,
	   "one sum, and each listener once: %s", found[0].place);
	ok(found[1].kind == LOSS_CONNTRACK_DROP && found[2].count == 7 && found[3].count == 9,
	   "each interface by itself");
	ok(sum(1011 * S, 1012 * S, found) == 1 && found[0].count == 3, "one second: %u",
	   (unsigned)found[0].count);
	ok(sum(1014 * S, 1015 * S, found) == 0, "none behind it");
	ok(sum(0, 1009 * S, found) == 0, "none before it");
	ok(sum(1009 * S, 1009 * S + 1, found) == 1, "one that reaches into the window counts");
	lose(1020, 1115, 0);
	ok(sum(0, 5000 * S, found) == 4, "all as long as it is kept");
	lose(1115, 1130, 0);
	ok(times.count == 0, "none longer");
	losstimes_release(&times);
}

static void
test_much(void)
{
	struct loss found[8];

	losstimes_init(&times, 6400 * S);
	lose(1000, 1200, 1);
	ok(times.count == 2, "what goes on is one time: %zu", times.count);
	ok(sum(0, 5000 * S, found) == 1 && found[0].count == 200, "of all: %u",
	   (unsigned)found[0].count);
	for (int i = 0; i < 1000; i++) {
		losstimes_read(&times, (2000 + 2 * i) * S, (2000 + 2 * i) * S);
		losstimes_read(&times, (2001 + 2 * i) * S, (2001 + 2 * i) * S);
		losstimes_add(&times, LOSS_BACKLOG, "", 1);
	}
	ok(times.count == LOSSTIMES_MAX, "no more than there is room for");
	ok(times.list[LOSSTIMES_MAX - 1].to_ns == 3999 * S, "the newest are there");
	losstimes_release(&times);
	losstimes_init(&times, 0);
	lose(1000, 1200, 1);
	ok(times.count == 0, "nothing, if nothing is asked for");
	losstimes_release(&times);
}

static void
test_malformed(void)
{
	static const char *const lines[] = {"",
					    "1 2",
					    "1 2 ",
					    "1 2 0 rx_dropped eth0",
					    "1 2 5 unknown",
					    "a 2 5 rx_dropped",
					    "1 - 5 rx_dropped",
					    "1.2.3 2 5 rx_dropped",
					    "1 2 -5 rx_dropped"};
	struct keyval kv = KEYVAL_INIT;
	struct loss found[2];

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		keyval_add(&kv, LOSSTIMES_KEY "0", "%s", lines[i]);
	keyval_add(&kv, "lost-0", "1 2 5 rx_dropped");
	ok(losstimes_sum(&kv, 0, 100 * S, found, 2) == 0, "malformed lines are passed over");
	keyval_add(&kv, LOSSTIMES_KEY "1", "1 2 18446744073709551615 rx_dropped eth0");
	keyval_add(&kv, LOSSTIMES_KEY "2", "1 2 18446744073709551615 rx_dropped eth0");
	ok(losstimes_sum(&kv, 0, 100 * S, found, 2) == 1 && found[0].count == UINT64_MAX,
	   "and no sum goes over");
	ok(losstimes_sum(&kv, 0, 100 * S, found, 0) == 0, "nor over the room");
	keyval_release(&kv);
}

int
main(void)
{
	test_windows();
	test_much();
	test_malformed();
	return done_testing();
}
