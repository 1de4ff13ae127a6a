/*
 * An offset is measured every few seconds, and differs by what the clock has drifted since: 200 ppm are a
 * millisecond in five seconds. Spread over a second that changes the length of time by a thousandth.
 * Larger steps, as of a clock that was set, take eight times their size, so the clock never runs at less
 * than 7/8 of its rate, and order is kept.
 */
#include "merge/clock_slew.h"

#include <stdlib.h>

#define LEAST_NS INT64_C(1000000000)
#define RATE     8 /* a change takes at least so many times its size */

int64_t
clock_slew_at(const struct clock_slew *slew, int64_t ts_ns)
{
	const __int128 change = (__int128)slew->to_ns - slew->from_ns;

	if (ts_ns >= slew->end_ns)
		return slew->to_ns;
	if (ts_ns <= slew->start_ns)
		return slew->from_ns;
	return slew->from_ns +
	       (int64_t)(change * (ts_ns - slew->start_ns) / (slew->end_ns - slew->start_ns));
}

void
clock_slew_turn(struct clock_slew *slew, int64_t to_ns, int64_t seen_ns)
{
	const int64_t from_ns = clock_slew_at(slew, seen_ns);
	__int128 length, end;

	if (seen_ns == INT64_MIN) {
		*slew = CLOCK_SLEW_FIXED(to_ns);
		return;
	}
	length = (__int128)RATE * ((__int128)to_ns - from_ns);
	length = length < 0 ? -length : length;
	end = seen_ns + (length < LEAST_NS ? LEAST_NS : length);
	slew->from_ns = from_ns;
	slew->to_ns = to_ns;
	slew->start_ns = seen_ns;
	slew->end_ns = end > INT64_MAX ? INT64_MAX : (int64_t)end;
	if (slew->end_ns == seen_ns) /* the end of all times */
		slew->start_ns = slew->end_ns = INT64_MIN;
}
