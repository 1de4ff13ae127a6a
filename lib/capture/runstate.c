#include "capture/runstate.h"

#include "base/clock.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

int
runstate_init(struct runstate *control, unsigned cores, struct failure *why)
{
	*control = (struct runstate){.lock = PTHREAD_MUTEX_INITIALIZER,
				     .changed = PTHREAD_COND_INITIALIZER,
				     .cores_left = cores,
				     .stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	return control->stop_fd < 0 ? failure_errno(why, "cannot make an event descriptor") : 0;
}

void
runstate_release(struct runstate *control)
{
	if (control->stop_fd >= 0)
		close(control->stop_fd);
	control->stop_fd = -1;
}

void
runstate_start(struct runstate *control)
{
	control->start_ns = clock_realtime_ns();
	control->start_mono = clock_monotonic_ns();
}

int64_t
runstate_clock_step(const struct runstate *control)
{
	const int64_t noise = 1000000;
	bool ended = __atomic_load_n(&control->reason, __ATOMIC_ACQUIRE) != STOP_NONE;
	int64_t wall = ended ? control->end_ns : clock_realtime_ns();
	int64_t mono = ended ? control->end_mono : clock_monotonic_ns();
	int64_t step = (wall - control->start_ns) - (mono - control->start_mono);

	return step > -noise && step < noise ? 0 : step;
}

void
runstate_begin(struct runstate *control)
{
	pthread_mutex_lock(&control->lock);
	control->begun = true;
	pthread_cond_broadcast(&control->changed);
	pthread_mutex_unlock(&control->lock);
}

bool
runstate_wait_begin(struct runstate *control)
{
	bool begun;

	pthread_mutex_lock(&control->lock);
	while (!control->begun && !control->reason)
		pthread_cond_wait(&control->changed, &control->lock);
	begun = control->begun;
	pthread_mutex_unlock(&control->lock);
	return begun;
}

static void
stop_locked(struct runstate *control, enum stop_reason reason, const char *message)
{
	if (control->reason)
		return;
	control->end_ns = clock_realtime_ns();
	control->end_mono = clock_monotonic_ns();
	snprintf(control->message, sizeof(control->message), "%s", message);
	__atomic_store_n(&control->reason, reason, __ATOMIC_RELEASE);
	eventfd_write(control->stop_fd, 1);
	pthread_cond_broadcast(&control->changed);
}

void
runstate_stop(struct runstate *control, enum stop_reason reason, const char *message)
{
	pthread_mutex_lock(&control->lock);
	stop_locked(control, reason, message);
	pthread_mutex_unlock(&control->lock);
}

enum stop_reason
runstate_reason(struct runstate *control, int64_t *end_ns, int64_t *end_mono)
{
	enum stop_reason reason = __atomic_load_n(&control->reason, __ATOMIC_ACQUIRE);

	/* Written before the reason, and never again. */
	if (reason) {
		*end_ns = control->end_ns;
		*end_mono = control->end_mono;
	}
	return reason;
}

void
runstate_core_full(struct runstate *control)
{
	pthread_mutex_lock(&control->lock);
	if (--control->cores_left == 0)
		stop_locked(control, STOP_COUNT, "");
	pthread_mutex_unlock(&control->lock);
}

const char *
stop_reason_name(enum stop_reason reason)
{
	static const char *const names[] = {
	    [STOP_NONE] = "none",           [STOP_COUNT] = "count",
	    [STOP_TIME] = "time",           [STOP_SIGNAL] = "signal",
	    [STOP_LEASE] = "lease",         [STOP_SIZE] = "size",
	    [STOP_RESERVE] = "reserve",     [STOP_DISK_FULL] = "disk-full",
	    [STOP_INTERFACE] = "interface", [STOP_CLOSED] = "closed",
	    [STOP_FILTER] = "filter",       [STOP_ERROR] = "error",
	};

	return names[reason];
}
