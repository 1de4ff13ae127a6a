/*
 * Time, in nanoseconds (int64_t): the only reader of the system's clocks, and how a time is
 * written.
 */
#ifndef VCAP_CLOCK_H
#define VCAP_CLOCK_H

#include <inttypes.h>
#include <stdint.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MINUTE (60 * NS_PER_SECOND)

/* For printf: a time or duration in ns, which is not negative, as seconds with nine decimals.
 *
 *	printf("ended " CLOCK_FORMAT "\n", CLOCK_ARGS(now));
 */
#define CLOCK_FORMAT   "%" PRId64 ".%09" PRId64
#define CLOCK_ARGS(ns) (int64_t)((ns) / NS_PER_SECOND), (int64_t)((ns) % NS_PER_SECOND)

/* Since 1970-01-01 00:00 UTC. Jumps when the clock is set. */
int64_t clock_realtime_ns(void);

/* Since an arbitrary moment. Never goes back; does not count while the host is suspended. */
int64_t clock_monotonic_ns(void);

/* Since an arbitrary moment. Never goes back; goes on while the host is suspended. */
int64_t clock_boottime_ns(void);

/* Sleeps for ns, which is not negative, or until a signal arrives. */
void clock_sleep(int64_t ns);

/* ns, which is not negative, for system calls. Needs <time.h>. */
struct timespec clock_timespec(int64_t ns);

#endif
