/*
 * The time, in nanoseconds: since 1970-01-01 00:00 UTC, which can be set, and since some moment
 * from which it only goes forward.
 */
#ifndef VCAP_CLOCK_H
#define VCAP_CLOCK_H

#include <stdint.h>

int64_t clock_realtime_ns(void);
int64_t clock_monotonic_ns(void);

/* Waits so long, or until a signal comes. */
void clock_rest(int64_t ns);

#endif
