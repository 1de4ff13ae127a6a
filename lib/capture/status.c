#include "capture/status.h"

#include "base/abilities.h"
#include "base/clock.h"
#include "base/keyval.h"
#include "capture/fileheader.h"
#include "capture/keptlines.h"
#include "capture/ringmark.h"
#include "capture/rundir.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Packets of removed files do not count. */
#define COUNTS_FORMAT "packets %" PRIu64 " bytes %" PRIu64 " received %" PRIu64 " dropped %" PRIu64
#define COUNTS_ARGS(a) \
	(a).packets - (a).removed, (a).bytes - (a).removed_bytes, (a).received, (a).dropped

/* A line for the core, and one for each of its interfaces that received packets. */
static int
set_core(struct capture *capture, unsigned core, struct keyval *kv)
{
	int64_t full_ns = __atomic_load_n(&capture->cores[core].full_ns, __ATOMIC_RELAXED);
	const uint32_t interfaces = iftable_count(&capture->interfaces);
	struct counts sum = {0}, counts;
	char key[32], full[32] = "-";
	int rc;

	for (uint32_t i = 0; i < interfaces; i++) {
		capture_counts(capture, core, i, &counts);
		counts_add(&sum, &counts);
	}
	if (full_ns)
		snprintf(full, sizeof(full), CLOCK_FORMAT, CLOCK_ARGS(full_ns));
	snprintf(key, sizeof(key), "core-%u", core);
	rc = keyval_set(kv, key, COUNTS_FORMAT " full %s", COUNTS_ARGS(sum), full);
	for (uint32_t i = 0; rc == 0 && i < interfaces; i++) {
		capture_counts(capture, core, i, &counts);
		if (counts.received == 0)
			continue;
		snprintf(key, sizeof(key), "core-%u.%u", core, i);
		rc = keyval_set(kv, key, "interface %s " COUNTS_FORMAT " truncated %" PRIu64,
				capture->interfaces.slots[i].name, COUNTS_ARGS(counts),
				counts.truncated);
	}
	return rc;
}

static int
set_counts(struct capture *capture, struct keyval *kv)
{
	struct counts total;
	int rc;

	rc = keyval_set(kv, "counted", CLOCK_FORMAT, CLOCK_ARGS(clock_realtime_ns()));
	capture_total(capture, &total);
	rc |= keyval_set(kv, "packets", "%" PRIu64, total.packets - total.removed);
	rc |= keyval_set(kv, "bytes", "%" PRIu64, total.bytes - total.removed_bytes);
	rc |= keyval_set(kv, "received", "%" PRIu64, total.received);
	rc |= keyval_set(kv, "dropped", "%" PRIu64, total.dropped);
	rc |= keyval_set(kv, "truncated", "%" PRIu64, total.truncated);
	if (capture->options.files || capture->options.rolling_ns)
		rc |= keyval_set(kv, "removed", "%" PRIu64, total.removed);
	for (unsigned i = 0; rc == 0 && i < capture->core_count; i++)
		rc = set_core(capture, i, kv);
	return rc;
}

/* Of a ring: since when it is whole. */
static int
set_complete(const struct capture *capture, struct keyval *kv)
{
	return keyval_set(kv, RINGMARK_KEY, CLOCK_FORMAT,
			  CLOCK_ARGS(capture_complete_since(capture)));
}

/* Of a rolling capture: up to when, and in what room. */
static int
set_rolling(const struct capture *capture, struct keyval *kv)
{
	const int64_t until = capture_written(capture);
	int rc = keyval_set(kv, "written", CLOCK_FORMAT, CLOCK_ARGS(until));

	rc |= keyval_set(kv, "max-size", "%" PRIu64, capture->quota.max_size);
	return rc | keyval_set(kv, "reserve", "%" PRIu64, capture->quota.reserve);
}

/* Start, end and its reason. */
static int
set_times(const struct capture *capture, struct keyval *kv)
{
	const struct runstate *runstate = &capture->runstate;
	const int64_t step = runstate_clock_step(runstate);
	int rc = keyval_set(kv, "started", CLOCK_FORMAT, CLOCK_ARGS(runstate->start_ns));

	if (runstate->reason) {
		rc |= keyval_set(kv, "ended", CLOCK_FORMAT, CLOCK_ARGS(runstate->end_ns));
		rc |= keyval_set(kv, "reason", "%s", stop_reason_name(runstate->reason));
		rc |= keyval_set(kv, "expires", CLOCK_FORMAT,
				 CLOCK_ARGS(runstate->end_ns + RUNDIR_KEPT_S * NS_PER_SECOND));
	}
	if (step)
		rc |= keyval_set(kv, "clock-step", "%+.9f", (double)step / 1e9);
	if (*capture->message)
		rc |= keyval_set(kv, "message", "%s", capture->message);
	return rc;
}

/* What came or went. A later one takes the line of one that is too many, so that a reader who keeps
 * lines by their keys keeps no more than are here. */
static int
add_events(struct capture *capture, struct keyval *kv)
{
	struct ifevent events[IFCHOICE_EVENTS];
	const unsigned count = capture->is_watching ? ifwatch_events(&capture->watch, events) : 0;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < count; i++) {
		const struct ifevent *event = &events[i];
		char addr[64] = "", key[32];

		if (event->addr.family)
			addr_format(event->addr, addr, sizeof(addr));
		snprintf(key, sizeof(key), "change-%u", i);
		rc = keyval_set(kv, key, CLOCK_FORMAT " %s %s%s%s", CLOCK_ARGS(event->ts_ns),
				event->is_coming ? "came" : "went", event->name, *addr ? " " : "",
				addr);
	}
	return rc;
}

/* What the host has lost meanwhile. */
static int
add_losses(struct capture *capture, struct keyval *kv)
{
	struct loss *losses = calloc(LOSSES_MAX, sizeof(*losses));
	const size_t count = losses ? losses_list(&capture->losses, losses, LOSSES_MAX) : 0;
	int rc = losses ? loss_set(losses, count, kv) : -1;

	free(losses);
	return rc;
}

/* ... and when, of a rolling capture, for its snapshots. */
static int
add_loss_times(struct capture *capture, struct keyval *kv)
{
	struct losstime *times = calloc(LOSSTIMES_MAX, sizeof(*times));
	const size_t count = times ? losses_list_times(&capture->losses, times, LOSSTIMES_MAX) : 0;
	int rc = times ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		char key[32], text[LOSSTIMES_TEXT_MAX];

		snprintf(key, sizeof(key), LOSSTIMES_KEY "%zu", i);
		losstimes_format(&times[i], text);
		rc = keyval_set(kv, key, "%s", text);
	}
	free(times);
	return rc;
}

int
status_store(struct capture *capture, const char *state, struct failure *why)
{
	const struct capture_options *options = &capture->options;
	struct keyval kv = KEYVAL_INIT;
	int rc = 0;

	if (!options->dir)
		return 0;
	rc |= keyval_set(&kv, "state", "%s", state);
	rc |= keyval_set(&kv, "pid", "%ld", (long)getpid());
	if (options->name)
		rc |= keyval_set(&kv, "name", "%s", options->name);
	rc |= keyval_set(&kv, "version", "%s", VCAP_VERSION);
	rc |= keyval_set(&kv, "abilities", "%s", ABILITIES);
	if (options->by)
		rc |= keyval_set(&kv, "by", "%s", options->by);
	rc |= set_times(capture, &kv);
	rc |= fileheader_parameters(capture, &kv);
	rc |= set_counts(capture, &kv);
	if (options->files || options->rolling_ns)
		rc |= set_complete(capture, &kv);
	if (options->rolling_ns)
		rc |= set_rolling(capture, &kv);
	if (options->triggers)
		rc |= triggers_set(options->triggers, &kv);
	rc |= add_events(capture, &kv);
	rc |= add_losses(capture, &kv);
	if (options->rolling_ns)
		rc |= add_loss_times(capture, &kv);
	if (options->drops)
		rc |= dropproc_set(options->drops, &kv);
	rc |= keptlines_set_sizes(options->dir->fd, &kv);
	rc = rc ? failure_set(why, "cannot write the status: out of memory")
		: keyval_store(&kv, options->dir->fd, "status", why);
	keyval_release(&kv);
	return rc;
}
