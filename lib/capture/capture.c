/*
 * The kernel distributes the packets of each interface over CPUs by the CPU that handles them
 * (PACKET_FANOUT_CPU); every interface has one ring per CPU, or there is one per CPU for all of
 * them. Into a directory, one thread per CPU
 * reads that CPU's rings and writes that CPU's file, so that threads share nothing on the packet
 * path. A stream needs one order, so a single thread reads all rings; the same holds for the
 * input of a filter command, whose output another thread distributes over the files again.
 *
 * This thread, the one that calls capture_wait, sees no packets. It waits for whatever may end the
 * capture, watches the interfaces and vcap-flows, and stores the status. All threads share one
 * decision (capture/runstate): the first reason to stop is recorded with its time, and every loop
 * goes on until its rings can hold no packet from before that time. Then it writes the last
 * statistics and ends. Only threads that write to another process can block for ever; those are
 * given a time to end in, then interrupted by a signal.
 */
#include "capture/capture.h"

#include "base/clock.h"
#include "capture/setup.h"
#include "capture/status.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MS           INT64_C(1000000)
#define TICK         (200 * MS)
#define STATUS_EVERY (1000 * MS)
#define NEWS_EVERY   (250 * MS)

/* Time for the threads of a stream to write the rest while there is a reader. */
#define STREAM_TIMEOUT (2000 * MS)

/* Time for a filter command to end after the end of its input, and that time if nothing reads its
 * output. */
#define FILTER_TIMEOUT (5000 * MS)
#define UNREAD_TIMEOUT (1000 * MS)
/* From the SIGTERM to a command to its end; the supervisor kills it after two seconds. */
#define KILL_TIMEOUT (3000 * MS)
/* Between signals to a thread that blocks. */
#define INTERRUPT_EVERY (1000 * MS)

int
capture_open(struct capture *capture, const struct capture_options *options, struct failure *why)
{
	*capture = CAPTURE_INIT;
	capture->options = *options;
	if (setup_open(capture, why) == 0)
		return 0;
	capture_close(capture);
	return -1;
}

int
capture_filter(struct capture *capture, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	const struct rlimit most = {capture->quota.max_size + 65536,
				    capture->quota.max_size + 65536};

	/* The quota keeps well below this limit, which is there in case of a bug in the quota. */
	if (options->dir && setrlimit(RLIMIT_FSIZE, &most) < 0 && errno != EPERM)
		return failure_errno(why, "cannot limit the size of files");
	for (size_t i = 0; i < (size_t)capture->core_count * capture->rings_per_core; i++)
		if (ring_start(&capture->inputs[i].ring, options->program, capture->ring_snaplen,
			       why) < 0)
			return -1;
	/* Now all are open: what some received before that is left out. */
	runstate_start(&capture->runstate);
	losses_begin(&capture->losses);
	capture->duration_end =
	    options->duration_ns ? clock_monotonic_ns() + options->duration_ns : INT64_MAX;
	capture->lease_end =
	    options->lease_ns ? clock_monotonic_ns() + options->lease_ns : INT64_MAX;
	return 0;
}

/* Does nothing: the signal only interrupts a write. */
static void
ignore_signal(int signal)
{
	(void)signal;
}

static int
start_thread(struct capture *capture, void *(*run)(void *), void *arg, struct failure *why)
{
	errno = pthread_create(&capture->threads[capture->thread_count], NULL, run, arg);
	if (errno)
		return failure_errno(why, "cannot start a thread");
	capture->thread_count++;
	return 0;
}

int
capture_start(struct capture *capture, struct failure *why)
{
	const struct sigaction action = {.sa_handler = ignore_signal};
	struct filterproc *filter = capture->options.filter;

	if (sigaction(SIGUSR1, &action, NULL) < 0)
		return failure_errno(why, "cannot start a thread");
	for (unsigned i = 0; i < capture->loop_count; i++)
		if (start_thread(capture, capture_loop_run, &capture->loops[i], why) < 0)
			return -1;
	return filter ? start_thread(capture, filterproc_run, filter, why) : 0;
}

int
capture_begin(struct capture *capture, struct failure *why)
{
	runstate_begin(&capture->runstate);
	return status_store(capture, "running", why);
}

/* Adds to what is missing from the result. */
static void __attribute__((format(printf, 2, 3)))
add_message(struct capture *capture, const char *format, ...)
{
	size_t used = strlen(capture->message);
	size_t room = sizeof(capture->message) - used;
	va_list args;

	if (used && room > 2) {
		strcpy(capture->message + used, ", ");
		used += 2;
		room -= 2;
	}
	va_start(args, format);
	vsnprintf(capture->message + used, room, format, args);
	va_end(args);
}

/* Rings of one interface each: adds a message for each that was newly deleted, and stops if none is
 * left. */
static void
watch_rings(struct capture *capture)
{
	unsigned left = 0;

	for (uint32_t i = 0; i < capture->interfaces.count; i++) {
		if (!capture->is_deleted[i] && !ring_is_attached(&capture->inputs[i].ring)) {
			capture->is_deleted[i] = true;
			add_message(capture, "interface '%s' was deleted",
				    capture->interfaces.slots[i].name);
		}
		left += !capture->is_deleted[i];
	}
	if (left == 0)
		runstate_stop(&capture->runstate, STOP_INTERFACE, "");
}

/* Rings of all: makes the choice at once, so that its time is right, and adds a message for the
 * first interface that there was no room for. */
static void
watch_interfaces(struct capture *capture)
{
	char name[IFACE_NAME_SIZE];

	if (!capture->is_watching) {
		watch_rings(capture);
		return;
	}
	ifwatch_refresh(&capture->watch);
	if (capture->has_missed || !ifwatch_missed(&capture->watch, name))
		return;
	capture->has_missed = true;
	add_message(capture, "interface '%s' is not captured: too many came", name);
}

/* Without vcap-flows the capture goes on; the filter command then knows fewer connections. And so it does
 * without vcap-keys and vcap-drops. */
static void
watch_commands(struct capture *capture)
{
	struct flowproc *flows = capture->options.flows;
	struct keyproc *keys = capture->options.keys;
	struct dropproc *drops = capture->options.drops;
	struct failure why;

	if (flows && flowproc_is_lost(flows, &why))
		add_message(capture, "%s: pairs are missing", why.text);
	if (keys && keyproc_is_lost(keys, &why))
		add_message(capture, "%s: TLS keys are missing", why.text);
	if (drops)
		dropproc_tend(drops);
	if (drops && dropproc_is_lost(drops, &why))
		add_message(capture, "%s: dropped packets are missing", why.text);
}

/* The last dropped packets, and the keys of the last hellos. */
static void
end_commands(struct capture *capture)
{
	struct keyproc *keys = capture->options.keys;
	struct dropproc *drops = capture->options.drops;
	struct failure why;

	if (keys || drops)
		watch_commands(capture);
	if (drops && !dropproc_finish(drops, &why))
		add_message(capture, "%s: dropped packets are missing", why.text);
	if (keys && !keyproc_finish(keys, &why))
		add_message(capture, "%s: TLS keys are missing", why.text);
}

/* Returns whether the status has news: what was watched for has come. */
static bool
watch_triggers(struct capture *capture, int64_t now)
{
	struct triggers *triggers = capture->options.triggers;
	struct failure why;

	if (!triggers)
		return false;
	if (triggers_lost(triggers, &why))
		add_message(capture, "%s: its lines are not watched", why.text);
	return triggers_take(triggers, now);
}

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Standard input is readable: any input renews the lease, its end ends it. */
static void
read_lease(struct capture *capture, int64_t now)
{
	char bytes[512];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		runstate_stop(&capture->runstate, STOP_LEASE, "");
	else if (n > 0 && capture->options.lease_ns)
		capture->lease_end = now + capture->options.lease_ns;
}

/* Sleeps until the next tick or limit, a stop by another thread, a signal, the lease, a new file in
 * the directory, or a change of an interface. */
static void
wait_for_event(struct capture *capture, int64_t now)
{
	const struct rundir *dir = capture->options.dir;
	int64_t ns = smaller(TICK, smaller(capture->duration_end - now, capture->lease_end - now));
	struct pollfd fds[] = {
	    {.fd = capture->runstate.stop_fd, .events = POLLIN},
	    {.fd = capture->options.signal_fd, .events = POLLIN},
	    {.fd = capture->options.has_lease ? STDIN_FILENO : -1, .events = POLLIN},
	    {.fd = dir ? dir->watch_fd : -1, .events = POLLIN},
	    {.fd = capture->watch.fd, .events = POLLIN},
	};

	/* Rounded up: waking before the limit would only mean sleeping again. */
	if (poll(fds, 5, ns > 0 ? (int)((ns + MS - 1) / MS) : 0) <= 0)
		return;
	if (fds[1].revents)
		runstate_stop(&capture->runstate, STOP_SIGNAL, "");
	if (fds[2].revents)
		read_lease(capture, clock_monotonic_ns());
}

/* Whether the thread ended within ns nanoseconds. */
static bool
join_within(pthread_t thread, int64_t ns)
{
	const int64_t end = clock_monotonic_ns() + ns;
	const struct timespec until = {end / NS_PER_SECOND, end % NS_PER_SECOND};

	return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) != ETIMEDOUT;
}

/* Interrupts the thread's writes until it gives up its stream. */
static void
abandon_stream(struct capture *capture, pthread_t thread)
{
	do {
		__atomic_store_n(&capture->runstate.abandon, true, __ATOMIC_RELAXED);
		pthread_kill(thread, SIGUSR1);
	} while (!join_within(thread, INTERRUPT_EVERY));
}

/* Threads that write files end by themselves. A filter command that takes too long to end, or to
 * read, is killed; a stream that blocks because nothing reads it is abandoned. */
static void
join_threads(struct capture *capture)
{
	const struct capture_options *options = &capture->options;
	/* The holder of the lease reads the stream, too. */
	const bool is_unread = capture->runstate.reason == STOP_LEASE && !options->dir;
	int64_t timeout = is_unread ? 0 : STREAM_TIMEOUT;

	runstate_end(&capture->runstate);
	if (options->filter)
		timeout = is_unread ? UNREAD_TIMEOUT : FILTER_TIMEOUT;
	for (unsigned i = 0; i < capture->thread_count; i++) {
		pthread_t thread = capture->threads[i];

		if (options->dir && !options->filter) {
			pthread_join(thread, NULL);
			continue;
		}
		if (join_within(thread, timeout))
			continue;
		if (options->filter) {
			supervisor_dismiss(&options->filter->supervisor);
			timeout = 0;
			if (join_within(thread, is_unread ? 0 : KILL_TIMEOUT))
				continue;
		}
		abandon_stream(capture, thread);
	}
	capture->thread_count = 0;
}

/* Waits for the end of the filter command. Returns what is wrong with it, stored in why, or NULL.
 */
static const char *
judge_filter(struct capture *capture, struct failure *why)
{
	struct filterproc *filter = capture->options.filter;

	if (!filter)
		return NULL;
	if (!supervisor_ended(&filter->supervisor, (int)(FILTER_TIMEOUT / MS))) {
		supervisor_dismiss(&filter->supervisor);
		supervisor_ended(&filter->supervisor, (int)(KILL_TIMEOUT / MS));
	}
	return filterproc_judge(filter, why);
}

/* Describes what the outputs did not write, or NULL. */
static const char *
judge_outputs(const struct capture *capture)
{
	const bool is_file = capture->options.dir != NULL;
	const enum stop_reason reason = capture->runstate.reason;

	/* Without a reader, nothing is missing. */
	if (reason == STOP_CLOSED || (reason == STOP_LEASE && !is_file))
		return NULL;
	for (unsigned i = 0; i < capture->output_count; i++)
		if (!capture->outputs[i].is_complete)
			return is_file ? "a file could not be ended"
				       : "the rest of the stream was not taken";
	return NULL;
}

/* Sets message to what is missing from the result. */
static enum capture_end
judge(struct capture *capture)
{
	const struct runstate *runstate = &capture->runstate;
	struct failure why;
	const char *what = judge_filter(capture, &why);

	switch (runstate->reason) {
	case STOP_RESERVE: what = "the disk is down to its reserve"; break;
	case STOP_DISK_FULL:
		what = *runstate->message ? runstate->message : "the disk is full";
		break;
	case STOP_INTERFACE: return CAPTURE_FAILED;
	case STOP_ERROR: what = runstate->message; break;
	case STOP_SIGNAL:
		if (capture->options.is_detached)
			what = "a signal ended it, as a shutdown does";
		break;
	default: break;
	}
	if (!what)
		what = judge_outputs(capture);
	if (!what)
		return *capture->message ? CAPTURE_PARTIAL : CAPTURE_DONE;
	if (*capture->message == '\0')
		add_message(capture, "%s", what);
	return runstate->reason == STOP_ERROR ? CAPTURE_FAILED : CAPTURE_PARTIAL;
}

/* Joins the threads and stores the last status. */
static enum capture_end
end_capture(struct capture *capture)
{
	static const char *const states[] = {"done", "partial", "partial"};
	enum capture_end end;

	join_threads(capture);
	end_commands(capture);
	end = judge(capture);
	if (status_store(capture, states[end], NULL) == 0)
		return end;
	if (*capture->message == '\0')
		add_message(capture, "the status could not be written");
	if (end == CAPTURE_DONE)
		end = CAPTURE_PARTIAL;
	/* Once more: the failure may have been temporary. */
	status_store(capture, states[end], NULL);
	return end;
}

enum capture_end
capture_wait(struct capture *capture)
{
	const struct capture_options *options = &capture->options;
	struct runstate *runstate = &capture->runstate;
	int64_t now = clock_monotonic_ns(), stored = now;
	int64_t end_ns, end_mono;
	bool has_news = false;

	while (!runstate_reason(runstate, &end_ns, &end_mono)) {
		wait_for_event(capture, now);
		now = clock_monotonic_ns();
		if (now >= capture->duration_end)
			runstate_stop(runstate, STOP_TIME, "");
		if (now >= capture->lease_end)
			runstate_stop(runstate, STOP_LEASE, "");
		if (options->dir && rundir_is_stopping(options->dir))
			runstate_stop(runstate, STOP_REQUEST, "");
		if (options->dir && rundir_is_gone(options->dir))
			runstate_stop(runstate, STOP_ERROR, "its directory was removed");
		watch_interfaces(capture);
		watch_commands(capture);
		has_news |= watch_triggers(capture, now);
		/* A failure here does not end the capture; end_capture reports one that lasts. */
		if (now - stored >= (has_news ? NEWS_EVERY : STATUS_EVERY)) {
			has_news = false;
			if (options->rolling_ns)
				runstate_forget_steps(runstate, capture_kept_ns(options));
			losses_refresh(&capture->losses);
			status_store(capture, "running", NULL);
			stored = now;
		}
	}
	return end_capture(capture);
}

void
capture_close(struct capture *capture)
{
	if (capture->thread_count)
		runstate_stop(&capture->runstate, STOP_ERROR, "");
	join_threads(capture);
	setup_release(capture);
	*capture = CAPTURE_INIT;
}
