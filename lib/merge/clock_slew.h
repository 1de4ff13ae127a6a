/*
 * The correction of a clock whose offset changes while it is corrected: what is added to its times. A
 * change is spread over a while, so that corrected times go on in the order of the clock's own.
 */
#ifndef VCAP_CLOCK_SLEW_H
#define VCAP_CLOCK_SLEW_H

#include <stdint.h>

struct clock_slew {
	int64_t first_ns; /* what was added before any change: to the time of the capture's start */
	/* What is added up to start_ns, and from end_ns on; in between it goes evenly from one to the
	 * other. These two are by the clock that is corrected, start_ns < end_ns, or INT64_MIN both: to_ns
	 * is always added. */
	int64_t from_ns, to_ns;
	int64_t start_ns, end_ns;
};

/* ns are always added. */
#define CLOCK_SLEW_FIXED(ns)                        \
	((struct clock_slew){.first_ns = (ns),      \
			     .from_ns = (ns),       \
			     .to_ns = (ns),         \
			     .start_ns = INT64_MIN, \
			     .end_ns = INT64_MIN})

/* What is added to the time ts_ns. */
int64_t clock_slew_at(const struct clock_slew *slew, int64_t ts_ns);

/* Makes to_ns what is added in the end. The change begins after seen_ns, the newest time that was corrected
 * (INT64_MIN: there was none, and to_ns is added at once), takes a second or more, and never makes two
 * times change places. */
void clock_slew_turn(struct clock_slew *slew, int64_t to_ns, int64_t seen_ns);

#endif
