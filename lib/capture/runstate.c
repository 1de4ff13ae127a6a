/*
 * The reason is written once, under the lock, after the times and the message that belong to it,
 * and read without one: a thread that sees it sees these, too. The eventfd is never read, so that
 * it stays readable and wakes every thread that polls it, now or later.
 *
 * Both clocks are read at the start and at the stop: if their differences do not agree, the wall
 * clock was set in between, and times of packets cannot be compared with end_ns.
 */
#include "capture/runstate.h"

#include "base/clock.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Between reading the one clock and the other. */
static bool
is_noise(int64_t step)
{
	const int64_t noise = 1000000;

	return step > -noise && step < noise;
}

int
runstate_init(struct runstate *runstate, unsigned cores, struct failure *why)
{
	*runstate = (struct runstate){.lock = PTHREAD_MUTEX_INITIALIZER,
				      .changed = PTHREAD_COND_INITIALIZER,
				      .cores_left = cores,
				      .stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	return runstate->stop_fd < 0 ? failure_errno(why, "cannot create an event descriptor") : 0;
}

void
runstate_release(struct runstate *runstate)
{
	if (runstate->stop_fd >= 0)
		close(runstate->stop_fd);
	runstate->stop_fd = -1;
}

void
runstate_start(struct runstate *runstate)
{
	runstate->start_ns = clock_realtime_ns();
	runstate->start_mono = clock_monotonic_ns();
}

int64_t
runstate_clock_step(const struct runstate *runstate)
{
	bool ended = __atomic_load_n(&runstate->reason, __ATOMIC_ACQUIRE) != STOP_NONE;
	int64_t wall = ended ? runstate->end_ns : clock_realtime_ns();
	int64_t mono = ended ? runstate->end_mono : clock_monotonic_ns();
	int64_t step = (wall - runstate->start_ns) - (mono - runstate->start_mono) -
		       __atomic_load_n(&runstate->forgotten_ns, __ATOMIC_RELAXED);

	return is_noise(step) ? 0 : step;
}

void
runstate_forget_steps(struct runstate *runstate, int64_t kept_ns)
{
	const int64_t step = runstate_clock_step(runstate), now = clock_boottime_ns();

	if (!is_noise(step - runstate->step_ns)) {
		runstate->step_ns = step;
		runstate->step_boot = now;
	} else if (step && now - runstate->step_boot > kept_ns) {
		__atomic_store_n(&runstate->forgotten_ns, runstate->forgotten_ns + step,
				 __ATOMIC_RELAXED);
		runstate->step_ns = 0;
	}
}

void
runstate_begin(struct runstate *runstate)
{
	pthread_mutex_lock(&runstate->lock);
	runstate->has_begun = true;
	pthread_cond_broadcast(&runstate->changed);
	pthread_mutex_unlock(&runstate->lock);
}

bool
runstate_wait_begin(struct runstate *runstate)
{
	bool begun;

	pthread_mutex_lock(&runstate->lock);
	while (!runstate->has_begun && !runstate->reason)
		pthread_cond_wait(&runstate->changed, &runstate->lock);
	begun = runstate->has_begun;
	pthread_mutex_unlock(&runstate->lock);
	return begun;
}

void
runstate_end(struct runstate *runstate)
{
	pthread_mutex_lock(&runstate->lock);
	runstate->is_ending = true;
	pthread_cond_broadcast(&runstate->changed);
	pthread_mutex_unlock(&runstate->lock);
}

void
runstate_wait_end(struct runstate *runstate)
{
	pthread_mutex_lock(&runstate->lock);
	while (!runstate->is_ending)
		pthread_cond_wait(&runstate->changed, &runstate->lock);
	pthread_mutex_unlock(&runstate->lock);
}

static void
stop_locked(struct runstate *runstate, enum stop_reason reason, const char *message)
{
	if (runstate->reason)
		return;
	runstate->end_ns = clock_realtime_ns();
	runstate->end_mono = clock_monotonic_ns();
	snprintf(runstate->message, sizeof(runstate->message), "%s", message);
	__atomic_store_n(&runstate->reason, reason, __ATOMIC_RELEASE);
	eventfd_write(runstate->stop_fd, 1);
	pthread_cond_broadcast(&runstate->changed);
}

void
runstate_stop(struct runstate *runstate, enum stop_reason reason, const char *message)
{
	pthread_mutex_lock(&runstate->lock);
	stop_locked(runstate, reason, message);
	pthread_mutex_unlock(&runstate->lock);
}

enum stop_reason
runstate_reason(struct runstate *runstate, int64_t *end_ns, int64_t *end_mono)
{
	enum stop_reason reason = __atomic_load_n(&runstate->reason, __ATOMIC_ACQUIRE);

	/* Written before the reason, and never changed. */
	if (reason) {
		*end_ns = runstate->end_ns;
		*end_mono = runstate->end_mono;
	}
	return reason;
}

void
runstate_core_full(struct runstate *runstate)
{
	pthread_mutex_lock(&runstate->lock);
	if (--runstate->cores_left == 0)
		stop_locked(runstate, STOP_COUNT, "");
	pthread_mutex_unlock(&runstate->lock);
}

const char *
stop_reason_name(enum stop_reason reason)
{
	static const char *const names[] = {
	    [STOP_NONE] = "none",           [STOP_COUNT] = "count",
	    [STOP_TIME] = "time",           [STOP_SIGNAL] = "signal",
	    [STOP_REQUEST] = "request",     [STOP_LEASE] = "lease",
	    [STOP_SIZE] = "size",           [STOP_RESERVE] = "reserve",
	    [STOP_DISK_FULL] = "disk-full", [STOP_INTERFACE] = "interface",
	    [STOP_CLOSED] = "closed",       [STOP_FILTER] = "filter",
	    [STOP_ERROR] = "error",
	};

	return names[reason];
}
