/*
 * clock.so, for LD_PRELOAD: CLOCK_REALTIME is set by CLOCK_STEP seconds (with a sign), CLOCK_AFTER
 * milliseconds after the program's first look at it; or it runs CLOCK_PPM parts per million fast since
 * CLOCK_BASE, in seconds since 1970. The kernel's own clock, and so the time of packets, stays.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

typedef int get_time(clockid_t id, struct timespec *now);

static void
drift(struct timespec *now, int64_t ppm, int64_t base)
{
	const int64_t second = INT64_C(1000000000);
	const int64_t ns = (now->tv_sec - base) * second + now->tv_nsec;
	const int64_t moved = ns + (int64_t)((__int128)ns * ppm / 1000000);

	now->tv_sec = base + moved / second;
	now->tv_nsec = moved % second;
}

int
clock_gettime(clockid_t id, struct timespec *now)
{
	static get_time *real;
	static struct timespec first;
	struct timespec since;
	const char *step = getenv("CLOCK_STEP"), *after = getenv("CLOCK_AFTER");
	const char *ppm = getenv("CLOCK_PPM"), *base = getenv("CLOCK_BASE");
	int rc;

	if (!real) {
		real = (get_time *)dlsym(RTLD_NEXT, "clock_gettime");
		real(CLOCK_MONOTONIC, &first);
	}
	rc = real(id, now);
	if (rc == 0 && id == CLOCK_REALTIME && ppm && base)
		drift(now, atoll(ppm), atoll(base));
	if (rc < 0 || id != CLOCK_REALTIME || !step || !after)
		return rc;
	real(CLOCK_MONOTONIC, &since);
	if ((since.tv_sec - first.tv_sec) * 1000 + (since.tv_nsec - first.tv_nsec) / 1000000 >=
	    atol(after))
		now->tv_sec += atol(step);
	return rc;
}
