/* Offsets that change while times are corrected. */
#include "merge/clock_slew.h"
#include "merge/engine_clocks.h"
#include "tap.h"

#include <stdlib.h>

#define SECOND INT64_C(1000000000)

/* A clock that drifts and is set, measured every five seconds: corrected times never go back, and the error is
 * that of the drift since the last measurement. */
static void
drift(int64_t ppm, int64_t set_ns, const char *name)
{
	struct clock_slew slew = CLOCK_SLEW_FIXED(0);
	int64_t last_ns = INT64_MIN, worst_ns = 0;
	unsigned back = 0;

	for (int64_t true_ns = 100 * SECOND; true_ns < 160 * SECOND; true_ns += SECOND / 1000) {
		const int64_t off_ns =
		    true_ns / 1000000 * ppm + (true_ns >= 120 * SECOND ? set_ns : 0);
		const int64_t raw_ns = true_ns + off_ns, ns = raw_ns + clock_slew_at(&slew, raw_ns);

		back += ns < last_ns;
		last_ns = ns;
		if ((true_ns < 120 * SECOND && true_ns > 102 * SECOND) || true_ns > 140 * SECOND)
			worst_ns = llabs(ns - true_ns) > worst_ns ? llabs(ns - true_ns) : worst_ns;
		if (true_ns % (5 * SECOND) == 0)
			clock_slew_turn(&slew, -off_ns, raw_ns);
	}
	ok(back == 0 && worst_ns <= 6 * SECOND / 1000000 * llabs(ppm) + 1000,
	   "%s: %u times go back, at most %lld ns off", name, back, (long long)worst_ns);
}

static void
edges(void)
{
	struct clock_slew slew = CLOCK_SLEW_FIXED(7);

	clock_slew_turn(&slew, 11, INT64_MIN);
	ok(clock_slew_at(&slew, 0) == 11 && slew.first_ns == 11, "nothing was seen: at once");
	clock_slew_turn(&slew, 2 * SECOND, 100 * SECOND);
	ok(clock_slew_at(&slew, 100 * SECOND) == 11 && clock_slew_at(&slew, 0) == 11 &&
	       clock_slew_at(&slew, 200 * SECOND) == 2 * SECOND && slew.first_ns == 11,
	   "no time before is changed");
	clock_slew_turn(&slew, INT64_MIN / 2, INT64_MAX - 5);
	clock_slew_turn(&slew, INT64_MAX / 2, INT64_MAX);
	ok(clock_slew_at(&slew, 5) == INT64_MAX / 2, "at the end of all times");
}

static void
engines(void)
{
	struct engine_clocks clocks = ENGINE_CLOCKS_INIT;
	struct engine_clock *a = engine_clocks_find(&clocks, "lb1", "night"),
			    *b = engine_clocks_find(&clocks, "lb2", "night"),
			    *c = engine_clocks_find(&clocks, "lb1", NULL);

	ok(a != b && a != c && engine_clocks_find(&clocks, "lb1", "night") == a,
	   "one clock for each engine and way");
	engine_clocks_set(&clocks, "lb2", 5);
	engine_clock_see(a, 50 * SECOND);
	engine_clocks_change(&clocks, "night", 9, ENGINE_CLOCKS_SLEW);
	ok(a->slew.to_ns == 9 && a->slew.from_ns == 0 && a->slew.start_ns == 50 * SECOND &&
	       b->slew.to_ns == 5 && c->slew.to_ns == 0,
	   "the offset of an input is of those that have none of their own");
	engine_clocks_change(&clocks, "night", 20, ENGINE_CLOCKS_STEP);
	ok(clock_slew_at(&a->slew, 0) == 20 && a->seen_ns == INT64_MIN,
	   "a stream that begins anew is corrected at once");
	engine_clocks_release(&clocks);
}

int
main(void)
{
	drift(200, 0, "200 ppm");
	drift(-200, 0, "-200 ppm");
	drift(0, 700000000, "set by 0.7 s");
	drift(50, 100000000, "50 ppm, and set by 0.1 s");
	edges();
	engines();
	return done_testing();
}
