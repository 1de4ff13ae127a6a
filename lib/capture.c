#include "capture.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define MS            INT64_C(1000000)
#define TICK          (200 * MS)
#define STATUS_EVERY  (1000 * MS)
#define TIME_FORMAT   "%" PRId64 ".%09" PRId64
#define TIME_ARGS(ns) (ns) / 1000000000, (ns) % 1000000000

/* One more than the highest CPU there is: fanout counts CPUs from 0, gaps included. */
static unsigned
count_cores(void)
{
	FILE *file = fopen("/sys/devices/system/cpu/present", "re");
	char text[256] = "";
	long count = sysconf(_SC_NPROCESSORS_CONF);

	/* "0-3" or "0,2-5": the last number is the highest. */
	if (file && fgets(text, sizeof(text), file)) {
		size_t end = strcspn(text, "\n");

		while (end > 0 && text[end - 1] >= '0' && text[end - 1] <= '9')
			end--;
		if (text[end])
			count = strtol(text + end, NULL, 10) + 1;
	}
	if (file)
		fclose(file);
	return count < 1 ? 1 : (unsigned)count;
}

static uint64_t
default_ring_bytes(unsigned cores)
{
	uint64_t share = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 32;
	uint64_t most = (uint64_t)cores * (64 << 20);

	return share < most ? share : most;
}

static int
open_rings(struct capture *capture, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	uint64_t bytes =
	    options->ring_bytes ? options->ring_bytes : default_ring_bytes(capture->core_count);
	struct ring_geometry geometry =
	    ring_divide(bytes / (capture->core_count * capture->interface_count), options->snaplen);

	for (uint32_t i = 0; i < capture->interface_count; i++) {
		struct capture_interface *interface = &capture->interfaces[i];
		struct ring_where where = {
		    .ifindex = interface->iface->index,
		    .name = interface->iface->name,
		    .linktype = interface->iface->linktype,
		    .is_loopback = interface->iface->is_loopback,
		};

		for (unsigned c = 0; c < capture->core_count; c++) {
			struct lane *lane = &capture->lanes[c * capture->interface_count + i];

			lane->core = &capture->cores[c];
			lane->head.iface = i;
			lane->head.core = c;
			if (ring_open(&lane->ring, &where, geometry, why) < 0 ||
			    ring_join(&lane->ring, &interface->group, capture->core_count, why) < 0)
				return -1;
		}
	}
	return 0;
}

/* "eth0 eth1" */
static char *
interface_names(const struct capture *capture)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (uint32_t i = 0; out && i < capture->interface_count; i++)
		fprintf(out, "%s%s", i ? " " : "", capture->interfaces[i].iface->name);
	if (out && fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* The parameters, which both the status and the files state. -1: no memory. */
static int
describe(const struct capture *capture, struct keyval *kv)
{
	const struct capture_options *options = &capture->options;
	char *names = interface_names(capture);
	int rc = names ? 0 : -1;

	if (rc == 0)
		rc = keyval_set(kv, "interfaces", "%s", names);
	free(names);
	if (rc == 0)
		rc = keyval_set(kv, "count", "%" PRIu64, options->count);
	if (rc == 0)
		rc = keyval_set(kv, "duration", "%" PRId64, options->duration_ns);
	if (rc == 0)
		rc = keyval_set(kv, "snaplen", "%" PRIu32, options->snaplen);
	return rc;
}

/* The section header and interface blocks of collector's file. */
static int
add_headers(const struct capture *capture, struct collector *collector, struct blocks *blocks)
{
	const struct capture_options *options = &capture->options;
	struct keyval parameters = KEYVAL_INIT;
	char *comments[16] = {NULL}, *os = NULL, *filter = NULL;
	struct utsname uts;
	size_t count = 0;
	int rc = describe(capture, &parameters);

	if (rc == 0 && options->name)
		rc = keyval_set(&parameters, "name", "%s", options->name);
	if (rc == 0 && options->dir)
		rc = keyval_set(&parameters, "core", "%u", collector->lanes[0].core->number);
	for (size_t i = 0; rc >= 0 && i < parameters.count; i++)
		rc = asprintf(&comments[count++], "%s %s", parameters.pairs[i].key,
			      parameters.pairs[i].value);
	uname(&uts);
	if (rc >= 0)
		rc = asprintf(&os, "%s %s", uts.sysname, uts.release);
	if (rc >= 0 && options->program && options->program->count)
		rc = asprintf(&filter, "program of %zu instructions", options->program->count);
	if (rc >= 0)
		rc = pcapng_section(blocks, uts.machine, os, "vcap-run " VCAP_VERSION,
				    (const char *const *)comments, NULL, 0);
	for (uint32_t i = 0; rc == 0 && i < capture->interface_count; i++) {
		const struct iface *iface = capture->interfaces[i].iface;
		const struct interface interface = {
		    .name = (char *)(uintptr_t)iface->name,
		    .description = (char *)(uintptr_t)options->name,
		    .filter = filter,
		    .speed = iface->speed,
		    .linktype = iface->linktype,
		};

		rc = pcapng_interface(blocks, &interface);
	}
	for (size_t i = 0; i < count; i++)
		free(comments[i]);
	free(os);
	free(filter);
	keyval_release(&parameters);
	return rc;
}

/* Opens what collector writes to, and writes the headers: from now on it is a capture file. */
static int
open_recording(struct capture *capture, struct collector *collector, struct failure *why)
{
	const struct rundir *dir = capture->options.dir;
	struct blocks headers = BLOCKS_INIT;
	char name[32];
	int fd, rc;

	snprintf(name, sizeof(name), "core-%u.pcapng", collector->lanes[0].core->number);
	fd = dir ? rundir_file(dir, name, why) : dup(STDOUT_FILENO);
	if (fd < 0)
		return dir ? -1 : failure_errno(why, "cannot write to standard output");
	if (recording_open(&collector->recording, fd, !dir, dir ? &capture->quota : NULL, why) <
	    0) {
		close(fd);
		return -1;
	}
	collector->recording.end_room = 192 * capture->interface_count;
	collector->recording.abandon = &capture->control.abandon;
	rc = add_headers(capture, collector, &headers);
	if (rc == 0)
		rc = recording_blocks(&collector->recording, headers.bytes, headers.used);
	blocks_release(&headers);
	if (rc < 0)
		return failure_errno(why, "cannot start '%s'", name);
	/* A stream's reader may not be there yet: its thread writes. */
	if (dir && recording_flush(&collector->recording) < 0)
		return failure_set(why, "no room for '%s/%s'", dir->path, name);
	return 0;
}

static int
open_collectors(struct capture *capture, struct failure *why)
{
	unsigned per = capture->core_count / capture->collector_count;

	for (unsigned i = 0; i < capture->collector_count; i++) {
		struct collector *collector = &capture->collectors[i];

		collector->lanes = &capture->lanes[i * per * capture->interface_count];
		collector->lane_count = per * capture->interface_count;
		collector->interface_count = capture->interface_count;
		collector->count = capture->options.count;
		collector->snaplen =
		    capture->options.snaplen ? capture->options.snaplen : PACKET_SNAPLEN;
		collector->control = &capture->control;
		if (collector_init(collector, why) < 0 ||
		    open_recording(capture, collector, why) < 0)
			return -1;
	}
	return 0;
}

static int
allocate(struct capture *capture, struct failure *why)
{
	const struct ifaces *ifaces = capture->options.interfaces;
	size_t lanes;

	for (size_t i = 0; i < ifaces->count; i++)
		capture->interface_count += ifaces->list[i].taken;
	capture->core_count = count_cores();
	capture->collector_count = capture->options.dir ? capture->core_count : 1;
	lanes = (size_t)capture->core_count * capture->interface_count;
	capture->interfaces = calloc(capture->interface_count, sizeof(*capture->interfaces));
	capture->cores = calloc(capture->core_count, sizeof(*capture->cores));
	capture->collectors = calloc(capture->collector_count, sizeof(*capture->collectors));
	capture->threads = calloc(capture->collector_count, sizeof(*capture->threads));
	capture->lanes =
	    aligned_alloc(_Alignof(struct lane), (lanes ? lanes : 1) * sizeof(struct lane));
	for (size_t i = 0; capture->lanes && i < lanes; i++)
		capture->lanes[i] = (struct lane){.ring = RING_INIT};
	if (!capture->interfaces || !capture->cores || !capture->collectors || !capture->threads ||
	    !capture->lanes)
		return failure_errno(why, "cannot start a capture");
	for (unsigned i = 0; i < capture->core_count; i++)
		capture->cores[i].number = i;
	for (unsigned i = 0; i < capture->collector_count; i++)
		capture->collectors[i].recording = RECORDING_INIT;
	for (size_t i = 0, taken = 0; i < ifaces->count; i++)
		if (ifaces->list[i].taken)
			capture->interfaces[taken++].iface = &ifaces->list[i];
	return 0;
}

int
capture_open(struct capture *capture, const struct capture_options *options, struct failure *why)
{
	uint64_t slack;

	*capture = CAPTURE_INIT;
	capture->options = *options;
	if (allocate(capture, why) < 0 ||
	    control_init(&capture->control, capture->core_count, why) < 0)
		goto fail;
	/* Each file's end marks and its last page, and the status. */
	slack = capture->core_count * (192 * (uint64_t)capture->interface_count + 4096) + 8192;
	if (options->dir && quota_init(&capture->quota, options->dir->fd, options->max_size,
				       options->reserve, slack, why) < 0)
		goto fail;
	if (open_rings(capture, why) < 0 || open_collectors(capture, why) < 0)
		goto fail;
	return 0;
fail:
	capture_close(capture);
	return -1;
}

/* A signal that only interrupts a write. */
static void
interrupt(int signal)
{
	(void)signal;
}

int
capture_start(struct capture *capture, struct failure *why)
{
	const struct sigaction action = {.sa_handler = interrupt};

	if (!capture->options.dir && sigaction(SIGUSR1, &action, NULL) < 0)
		return failure_errno(why, "cannot start a thread");
	for (; capture->thread_count < capture->collector_count; capture->thread_count++) {
		unsigned i = capture->thread_count;

		errno = pthread_create(&capture->threads[i], NULL, collector_run,
				       &capture->collectors[i]);
		if (errno)
			return failure_errno(why, "cannot start a thread");
	}
	return 0;
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

void
capture_total(struct capture *capture, struct account *total)
{
	unsigned per = capture->core_count / capture->collector_count;

	*total = (struct account){0};
	for (size_t i = 0; i < (size_t)capture->core_count * capture->interface_count; i++)
		collector_read(&capture->collectors[i / capture->interface_count / per],
			       &capture->lanes[i], total);
}

static int
describe_core(struct capture *capture, unsigned core, struct keyval *kv)
{
	unsigned per = capture->core_count / capture->collector_count;
	int64_t full = __atomic_load_n(&capture->cores[core].full_ns, __ATOMIC_RELAXED);
	struct account account = {0};
	char key[32], filled[32] = "-";

	for (uint32_t i = 0; i < capture->interface_count; i++)
		collector_read(&capture->collectors[core / per],
			       &capture->lanes[core * capture->interface_count + i], &account);
	if (full)
		snprintf(filled, sizeof(filled), TIME_FORMAT, TIME_ARGS(full));
	snprintf(key, sizeof(key), "core-%u", core);
	return keyval_set(kv, key,
			  "packets %" PRIu64 " bytes %" PRIu64 " received %" PRIu64
			  " dropped %" PRIu64 " full %s",
			  account.packets, account.bytes, account.received, account.dropped,
			  filled);
}

static int
describe_progress(struct capture *capture, struct keyval *kv)
{
	struct account total;
	int rc;

	capture_total(capture, &total);
	rc = keyval_set(kv, "packets", "%" PRIu64, total.packets);
	rc |= keyval_set(kv, "bytes", "%" PRIu64, total.bytes);
	rc |= keyval_set(kv, "received", "%" PRIu64, total.received);
	rc |= keyval_set(kv, "dropped", "%" PRIu64, total.dropped);
	rc |= keyval_set(kv, "truncated", "%" PRIu64, total.truncated);
	for (unsigned i = 0; rc == 0 && i < capture->core_count; i++)
		rc = describe_core(capture, i, kv);
	return rc;
}

/* Replaces the status file. state is "running" or how it ended. */
static int
store_status(struct capture *capture, const char *state, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	const struct control *control = &capture->control;
	struct keyval kv = KEYVAL_INIT;
	int rc = 0;

	if (!options->dir)
		return 0;
	rc |= keyval_set(&kv, "state", "%s", state);
	rc |= keyval_set(&kv, "pid", "%ld", (long)getpid());
	if (options->name)
		rc |= keyval_set(&kv, "name", "%s", options->name);
	rc |= keyval_set(&kv, "version", "%s", VCAP_VERSION);
	rc |= keyval_set(&kv, "started", TIME_FORMAT, TIME_ARGS(control->start_ns));
	if (control->reason) {
		rc |= keyval_set(&kv, "ended", TIME_FORMAT, TIME_ARGS(control->end_ns));
		rc |= keyval_set(&kv, "reason", "%s", stop_reason_name(control->reason));
	}
	if (*capture->message)
		rc |= keyval_set(&kv, "message", "%s", capture->message);
	rc |= describe(capture, &kv);
	rc |= describe_progress(capture, &kv);
	rc = rc ? failure_set(why, "cannot write the status: out of memory")
		: keyval_store(&kv, options->dir->fd, "status", why);
	keyval_release(&kv);
	return rc;
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
	capture->control.start_ns = clock_realtime_ns();
	for (size_t i = 0; i < (size_t)capture->core_count * capture->interface_count; i++)
		if (ring_start(&capture->lanes[i].ring, options->program, options->snaplen, why) <
		    0)
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
	control_begin(&capture->control);
	return store_status(capture, "running", why);
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
		control_stop(&capture->control, STOP_LEASE, "");
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
		control_stop(&capture->control, STOP_SIGNAL, "");
	if (fds[2].revents)
		renew_lease(capture, clock_monotonic_ns());
}

/* A stream may block for want of a reader, and is given up after a while. */
static void
join_threads(struct capture *capture)
{
	for (unsigned i = 0; i < capture->thread_count; i++) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		/* Without its holder a lease has no reader either. */
		until.tv_sec += capture->control.reason == STOP_LEASE ? 0 : 2;
		while (!capture->options.dir &&
		       pthread_timedjoin_np(capture->threads[i], NULL, &until) == ETIMEDOUT) {
			__atomic_store_n(&capture->control.abandon, true, __ATOMIC_RELAXED);
			pthread_kill(capture->threads[i], SIGUSR1);
			until.tv_nsec = 0;
			until.tv_sec++;
		}
		if (capture->options.dir)
			pthread_join(capture->threads[i], NULL);
	}
	capture->thread_count = 0;
}

/* Says in message what the reason for the end means for the result. */
static enum capture_end
judge(struct capture *capture)
{
	const struct control *control = &capture->control;
	enum capture_end end = *capture->message ? CAPTURE_PARTIAL : CAPTURE_DONE;
	const char *what = NULL;

	switch (control->reason) {
	case STOP_RESERVE: what = "the disk is down to its reserve"; break;
	case STOP_DISK_FULL:
		what = *control->message ? control->message : "the disk is full";
		break;
	case STOP_INTERFACE: return CAPTURE_FAILED;
	case STOP_ERROR: what = control->message; break;
	default: break;
	}
	for (unsigned i = 0; !what && i < capture->collector_count; i++)
		if (!capture->collectors[i].whole && control->reason != STOP_CLOSED &&
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
	struct control *control = &capture->control;
	int64_t now = clock_monotonic_ns(), stored = now;
	int64_t end_ns, end_mono;
	enum capture_end end;

	while (!control_reason(control, &end_ns, &end_mono)) {
		wait_for_news(capture, now);
		now = clock_monotonic_ns();
		if (now >= capture->duration_end)
			control_stop(control, STOP_TIME, "");
		if (now >= capture->lease_end)
			control_stop(control, STOP_LEASE, "");
		if (count_interfaces(capture) == 0)
			control_stop(control, STOP_INTERFACE, "");
		/* A full disk is no reason to stop counting; the last status will tell. */
		if (now - stored >= STATUS_EVERY) {
			store_status(capture, "running", NULL);
			stored = now;
		}
	}
	join_threads(capture);
	end = judge(capture);
	if (store_status(capture, states[end], NULL) == 0)
		return end;
	if (*capture->message == '\0')
		snprintf(capture->message, sizeof(capture->message),
			 "the status could not be written");
	if (end == CAPTURE_DONE)
		end = CAPTURE_PARTIAL;
	/* What went wrong may have been for the moment only. */
	store_status(capture, states[end], NULL);
	return end;
}

void
capture_close(struct capture *capture)
{
	if (capture->thread_count)
		control_stop(&capture->control, STOP_ERROR, "");
	join_threads(capture);
	for (unsigned i = 0; capture->collectors && i < capture->collector_count; i++) {
		if (capture->collectors[i].recording.fd >= 0)
			recording_end(&capture->collectors[i].recording, NULL, 0);
		collector_release(&capture->collectors[i]);
	}
	for (size_t i = 0;
	     capture->lanes && i < (size_t)capture->core_count * capture->interface_count; i++)
		ring_close(&capture->lanes[i].ring);
	control_release(&capture->control);
	free(capture->interfaces);
	free(capture->cores);
	free(capture->lanes);
	free(capture->collectors);
	free(capture->threads);
	*capture = CAPTURE_INIT;
}
