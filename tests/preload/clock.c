/*
 * clock.so, for LD_PRELOAD: CLOCK_REALTIME is set by CLOCK_STEP seconds (with a sign), CLOCK_AFTER
 * milliseconds after the program's first look at it. The kernel's own clock, and so the time of
 * packets, stays.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

typedef int get_time(clockid_t id, struct timespec *now);

int
clock_gettime(clockid_t id, struct timespec *now)
{
	static get_time *real;
	static struct timespec first;
	struct timespec since;
	const char *step = getenv("CLOCK_STEP"), *after = getenv("CLOCK_AFTER");
	int rc;

	if (!real) {
		real = (get_time *)dlsym(RTLD_NEXT, "clock_gettime");
		real(CLOCK_MONOTONIC, &first);
	}
	rc = real(id, now);
	if (rc < 0 || id != CLOCK_REALTIME || !step || !after)
		return rc;
	real(CLOCK_MONOTONIC, &since);
	if ((since.tv_sec - first.tv_sec) * 1000 + (since.tv_nsec - first.tv_nsec) / 1000000 >=
	    atol(after))
		now->tv_sec += atol(step);
	return rc;
}
