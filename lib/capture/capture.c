#include "capture/capture.h"

#include "base/clock.h"
#include "base/parse.h"
#include "capture/status.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define MS           INT64_C(1000000)
#define TICK         (200 * MS)
#define STATUS_EVERY (1000 * MS)

/* How long a command may take to end after its input has; and if nobody reads what it writes. */
#define FILTER_PATIENCE (5000 * MS)
#define LEFT_PATIENCE   (1000 * MS)

/* A signal that only interrupts a write. */
static void
interrupt(int signal)
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
	const struct sigaction action = {.sa_handler = interrupt};
	struct filterproc *slot = capture->options.slot;

	if (sigaction(SIGUSR1, &action, NULL) < 0)
		return failure_errno(why, "cannot start a thread");
	for (unsigned i = 0; i < capture->capture_loop_count; i++)
		if (start_thread(capture, capture_loop_run, &capture->collectors[i], why) < 0)
			return -1;
	return slot ? start_thread(capture, filterproc_run, slot, why) : 0;
}

/* How many of the interfaces there still are; a message for each that is newly gone. */
static unsigned
count_interfaces(struct capture *capture)
{
	unsigned left = 0;

	for (uint32_t i = 0; i < capture->interface_count; i++) {
		struct capture_interface *interface = &capture->interfaces[i];
		size_t used = strlen(capture->message);

		if (!interface->gone && !ring_is_attached(&capture->lanes[i].ring)) {
			interface->gone = true;
			snprintf(capture->message + used, sizeof(capture->message) - used,
				 "%sinterface '%s' was deleted", used ? ", " : "",
				 interface->iface->name);
		}
		left += !interface->gone;
	}
	return left;
}

/* The capture goes on, with less to judge by. */
static void
watch_informant(struct capture *capture)
{
	struct flowproc *informant = capture->options.informant;
	size_t used = strlen(capture->message);
	struct failure why;

	if (informant && flowproc_is_lost(informant, &why))
		snprintf(capture->message + used, sizeof(capture->message) - used,
			 "%s%s: pairs are missing", used ? ", " : "", why.text);
}

void
capture_read(struct capture *capture, unsigned core, uint32_t interface, struct account *account)
{
	struct output *outlet = &capture->outlets[capture->output_count > 1 ? core : 0];
	const size_t i = (size_t)core * capture->interface_count + interface;

	*account = (struct account){0};
	output_read(outlet, &capture->ledgers[i], account);
}

void
capture_total(struct capture *capture, struct account *total)
{
	struct account account;

	*total = (struct account){0};
	for (unsigned core = 0; core < capture->core_count; core++)
		for (uint32_t i = 0; i < capture->interface_count; i++) {
			capture_read(capture, core, i, &account);
			account_add(total, &account);
		}
}

int
capture_filter(struct capture *capture, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	const struct rlimit no_more = {capture->quota.max_size + 65536,
				       capture->quota.max_size + 65536};

	/* The quota keeps well below; this is for the day it is wrong. */
	if (options->dir && setrlimit(RLIMIT_FSIZE, &no_more) < 0 && errno != EPERM)
		return failure_errno(why, "cannot limit the size of files");
	runstate_start(&capture->control);
	for (size_t i = 0; i < (size_t)capture->core_count * capture->interface_count; i++)
		if (ring_start(&capture->lanes[i].ring, options->program, capture->ring_snaplen,
			       why) < 0)
			return -1;
	capture->duration_end =
	    options->duration_ns ? clock_monotonic_ns() + options->duration_ns : INT64_MAX;
	capture->lease_end =
	    options->lease_ns ? clock_monotonic_ns() + options->lease_ns : INT64_MAX;
	return 0;
}

int
capture_begin(struct capture *capture, struct failure *why)
{
	runstate_begin(&capture->control);
	return status_store(capture, "running", why);
}

static int64_t
smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The holder of the lease has said something, or has gone. */
static void
renew_lease(struct capture *capture, int64_t now)
{
	char bytes[512];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		runstate_stop(&capture->control, STOP_LEASE, "");
	else if (n > 0 && capture->options.lease_ns)
		capture->lease_end = now + capture->options.lease_ns;
}

/* Sleeps until something may have to be done. */
static void
wait_for_news(struct capture *capture, int64_t now)
{
	int64_t ns = smaller(TICK, smaller(capture->duration_end - now, capture->lease_end - now));
	struct pollfd fds[] = {
	    {.fd = capture->control.stop_fd, .events = POLLIN},
	    {.fd = capture->options.signal_fd, .events = POLLIN},
	    {.fd = capture->options.has_lease ? STDIN_FILENO : -1, .events = POLLIN},
	};

	/* Rounded up: waking before the time would only mean to sleep again. */
	if (poll(fds, 3, ns > 0 ? (int)((ns + MS - 1) / MS) : 0) <= 0)
		return;
	if (fds[1].revents)
		runstate_stop(&capture->control, STOP_SIGNAL, "");
	if (fds[2].revents)
		renew_lease(capture, clock_monotonic_ns());
}

/* Whether the thread has ended within so long. */
static bool
join_within(pthread_t thread, int64_t ns)
{
	const int64_t end = clock_monotonic_ns() + ns;
	const struct timespec until = {end / NS_PER_SECOND, end % NS_PER_SECOND};

	return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) != ETIMEDOUT;
}

/* A command that takes too long, or no more packets, is told to end; a livestream that blocks for
 * want of a reader is given up. Files end by themselves. */
static void
join_threads(struct capture *capture)
{
	const struct capture_options *options = &capture->options;
	/* Without its holder a lease has no reader either. */
	const bool is_left = capture->control.reason == STOP_LEASE && !options->dir;
	int64_t patience = is_left ? 0 : 2000 * MS;

	if (options->slot)
		patience = is_left ? LEFT_PATIENCE : FILTER_PATIENCE;
	for (unsigned i = 0; i < capture->thread_count; i++) {
		pthread_t thread = capture->threads[i];

		if (options->dir && !options->slot) {
			pthread_join(thread, NULL);
			continue;
		}
		if (join_within(thread, patience))
			continue;
		if (options->slot) {
			supervisor_dismiss(&options->slot->guardian);
			patience = 0;
			if (join_within(thread, is_left ? 0 : 3000 * MS))
				continue;
		}
		do {
			__atomic_store_n(&capture->control.abandon, true, __ATOMIC_RELAXED);
			pthread_kill(thread, SIGUSR1);
		} while (!join_within(thread, 1000 * MS));
	}
	capture->thread_count = 0;
}

/* What is wrong with the command, in why; NULL: nothing. */
static const char *
judge_filter(struct capture *capture, struct failure *why)
{
	struct filterproc *slot = capture->options.slot;

	if (!slot)
		return NULL;
	if (!supervisor_ended(&slot->guardian, (int)(FILTER_PATIENCE / MS))) {
		supervisor_dismiss(&slot->guardian);
		supervisor_ended(&slot->guardian, 3000);
	}
	return filterproc_judge(slot, why);
}

/* Says in message what the reason for the end means for the result. */
static enum capture_end
judge(struct capture *capture)
{
	const struct runstate *control = &capture->control;
	enum capture_end end = *capture->message ? CAPTURE_PARTIAL : CAPTURE_DONE;
	struct failure why;
	const char *what = judge_filter(capture, &why);

	switch (control->reason) {
	case STOP_RESERVE: what = "the disk is down to its reserve"; break;
	case STOP_DISK_FULL:
		what = *control->message ? control->message : "the disk is full";
		break;
	case STOP_INTERFACE: return CAPTURE_FAILED;
	case STOP_ERROR: what = control->message; break;
	default: break;
	}
	for (unsigned i = 0; !what && i < capture->output_count; i++)
		if (!capture->outlets[i].whole && control->reason != STOP_CLOSED &&
		    !(control->reason == STOP_LEASE && !capture->options.dir))
			what = capture->options.dir ? "a file could not be ended"
						    : "the rest of the stream was not taken";
	if (!what)
		return end;
	if (*capture->message == '\0')
		snprintf(capture->message, sizeof(capture->message), "%s", what);
	return control->reason == STOP_ERROR ? CAPTURE_FAILED : CAPTURE_PARTIAL;
}

enum capture_end
capture_wait(struct capture *capture)
{
	static const char *const states[] = {"done", "partial", "partial"};
	struct runstate *control = &capture->control;
	int64_t now = clock_monotonic_ns(), stored = now;
	int64_t end_ns, end_mono;
	enum capture_end end;

	while (!runstate_reason(control, &end_ns, &end_mono)) {
		wait_for_news(capture, now);
		now = clock_monotonic_ns();
		if (now >= capture->duration_end)
			runstate_stop(control, STOP_TIME, "");
		if (now >= capture->lease_end)
			runstate_stop(control, STOP_LEASE, "");
		if (count_interfaces(capture) == 0)
			runstate_stop(control, STOP_INTERFACE, "");
		watch_informant(capture);
		/* A full disk is no reason to stop counting; the last status will tell. */
		if (now - stored >= STATUS_EVERY) {
			status_store(capture, "running", NULL);
			stored = now;
		}
	}
	join_threads(capture);
	end = judge(capture);
	if (status_store(capture, states[end], NULL) == 0)
		return end;
	if (*capture->message == '\0')
		snprintf(capture->message, sizeof(capture->message),
			 "the status could not be written");
	if (end == CAPTURE_DONE)
		end = CAPTURE_PARTIAL;
	/* What went wrong may have been for the moment only. */
	status_store(capture, states[end], NULL);
	return end;
}

void
capture_close(struct capture *capture)
{
	const size_t lanes = (size_t)capture->core_count * capture->interface_count;

	if (capture->thread_count)
		runstate_stop(&capture->control, STOP_ERROR, "");
	join_threads(capture);
	for (unsigned i = 0; capture->collectors && i < capture->capture_loop_count; i++)
		capture_loop_release(&capture->collectors[i]);
	for (unsigned i = 0; capture->outlets && i < capture->output_count; i++)
		output_release(&capture->outlets[i]);
	output_release(&capture->feed);
	for (size_t i = 0; capture->lanes && i < lanes; i++)
		ring_close(&capture->lanes[i].ring);
	runstate_release(&capture->control);
	free(capture->interfaces);
	free(capture->names);
	free(capture->cores);
	free(capture->feed_cores);
	free(capture->ledgers);
	free(capture->feed_ledgers);
	free(capture->lanes);
	free(capture->outlets);
	free(capture->collectors);
	free(capture->threads);
	*capture = CAPTURE_INIT;
}
