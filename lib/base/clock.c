#include "base/clock.h"

#include <time.h>

static int64_t
read_clock(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

int64_t
clock_realtime_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t
clock_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t
clock_boottime_ns(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

struct timespec
clock_timespec(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / NS_PER_SECOND, .tv_nsec = ns % NS_PER_SECOND};
}

void
clock_sleep(int64_t ns)
{
	const struct timespec duration = clock_timespec(ns);

	nanosleep(&duration, NULL);
}
