#include "capture/output.h"

#include "base/clock.h"
#include "base/parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

/* With the ring's hold, well within the second that a kill may cost. */
#define FLUSH_EVERY   (500 * MS)
#define PUBLISH_EVERY (200 * MS)
#define BEAT_EVERY    (100 * MS)

void
account_add(struct account *to, const struct account *account)
{
	to->packets += account->packets;
	to->bytes += account->bytes;
	to->truncated += account->truncated;
	to->removed += account->removed;
	to->removed_bytes += account->removed_bytes;
	to->received += account->received;
	to->dropped += account->dropped;
	to->skipped += account->skipped;
}

int
output_open(struct output *outlet, struct failure *why)
{
	pthread_mutex_init(&outlet->lock, NULL);
	pthread_cond_init(&outlet->finished, NULL);
	if (outlet->series.files) {
		outlet->endings = calloc((size_t)outlet->series.files * outlet->ledger_count,
					 sizeof(*outlet->endings));
		if (!outlet->endings)
			return failure_errno(why, "cannot start recording");
	}
	return rotation_open(&outlet->series, why);
}

void
output_release(struct output *outlet)
{
	rotation_release(&outlet->series);
	blocks_release(&outlet->scratch);
	free(outlet->remark);
	free(outlet->endings);
	*outlet = OUTPUT_INIT;
}

static struct account *
ending_of(const struct output *outlet, uint64_t file, size_t ledger)
{
	return &outlet->endings[file % outlet->series.files * outlet->ledger_count + ledger];
}

/* Files are removed in their order: what all of them held is what there was at the newest one's
 * end. */
static void
note_removed(struct output *outlet)
{
	if (outlet->oldest == outlet->series.oldest)
		return;
	outlet->oldest = outlet->series.oldest;
	for (size_t i = 0; i < outlet->ledger_count; i++) {
		const struct account *then = ending_of(outlet, outlet->oldest - 1, i);

		outlet->ledgers[i].account.removed = then->packets;
		outlet->ledgers[i].account.removed_bytes = then->bytes;
	}
}

static void
publish(struct output *outlet, int64_t now)
{
	outlet->counter(outlet->context);
	pthread_mutex_lock(&outlet->lock);
	for (size_t i = 0; i < outlet->ledger_count; i++)
		outlet->ledgers[i].published = outlet->ledgers[i].account;
	pthread_mutex_unlock(&outlet->lock);
	outlet->published = now;
}

void
output_read(struct output *outlet, const struct counters *ledger, struct account *to)
{
	pthread_mutex_lock(&outlet->lock);
	account_add(to, &ledger->published);
	pthread_mutex_unlock(&outlet->lock);
}

/* The recording has stopped: what it could not take is not kept after all. */
static void
stop(struct output *outlet)
{
	const enum stop_reason reasons[] = {
	    [FILEWRITER_SIZE] = STOP_SIZE,           [FILEWRITER_RESERVE] = STOP_RESERVE,
	    [FILEWRITER_DISK_FULL] = STOP_DISK_FULL, [FILEWRITER_CLOSED] = outlet->closed,
	    [FILEWRITER_ERROR] = STOP_ERROR,
	};
	struct filewriter *recording = &outlet->series.recording;
	uint32_t id, caplen, len;
	size_t at = 0;

	while (!recording->is_stream && filewriter_next_lost(recording, &at, &id, &caplen, &len)) {
		struct counters *ledger = &outlet->ledgers[id];

		ledger->account.packets--;
		ledger->account.bytes -= caplen;
		ledger->account.truncated -= caplen < len;
		ledger->account.skipped++;
		ledger->core->packets--;
	}
	recording->used = 0;
	/* Without a reserve, what is held back for the end marks is the last of the disk. */
	if (recording->stop == FILEWRITER_RESERVE && recording->quota->reserve == 0)
		recording->stop = FILEWRITER_DISK_FULL;
	runstate_stop(outlet->control, reasons[recording->stop],
		      recording->error ? strerror(recording->error) : "");
}

static void
flush(struct output *outlet, int64_t now)
{
	struct filewriter *recording = &outlet->series.recording;

	outlet->flushed = now;
	if (!recording->stop && filewriter_flush(recording) < 0)
		stop(outlet);
}

/* What statistics of ledgers say besides numbers, a line each. NULL: no memory. */
static char *
comment_on(const struct output *outlet, const char *ended)
{
	const struct runstate *control = outlet->control;
	char core[32] = "", step[64] = "", *text;
	int64_t step_ns = ended ? runstate_clock_step(control) : 0;

	if (outlet->series.dir)
		snprintf(core, sizeof(core), "core %u\n", outlet->ledgers[0].core->number);
	if (step_ns)
		snprintf(step, sizeof(step), "\nclock set by %+.3f s meanwhile",
			 (double)step_ns / 1e9);
	if (asprintf(&text, "%s%s%s%s%s%s", core, ended ? "ended " : "", ended ? ended : "", step,
		     ended && outlet->remark ? "\n" : "",
		     ended && outlet->remark ? outlet->remark : "") < 0)
		return NULL;
	return text;
}

/* Interface statistics in scratch: of a livestream, summed over its cores. ended: why these are the
 * last; NULL: they are not. */
static int
gather_statistics(struct output *outlet, int64_t ts_ns, const char *ended)
{
	const uint32_t interfaces = outlet->interface_count;
	char *comment = comment_on(outlet, ended);
	int rc = comment ? 0 : -1;

	outlet->scratch.used = 0;
	for (uint32_t id = 0; rc == 0 && id < interfaces; id++) {
		struct statistics statistics = STATISTICS_INIT;
		struct account sum = {0};

		for (size_t i = id; i < outlet->ledger_count; i += interfaces)
			account_add(&sum, &outlet->ledgers[i].account);
		statistics.ts_ns = ts_ns;
		statistics.start_ns = outlet->control->start_ns;
		statistics.end_ns = ended ? ts_ns : INT64_MIN;
		statistics.received = sum.received;
		statistics.dropped = sum.dropped;
		statistics.accepted = sum.packets;
		rc = pcapng_write_statistics(&outlet->scratch, id, &statistics, comment);
	}
	if (rc < 0)
		runstate_stop(outlet->control, STOP_ERROR, strerror(errno));
	free(comment);
	return rc;
}

/* The newest file has all that it may have. */
static void
next_file(struct output *outlet)
{
	outlet->counter(outlet->context);
	if (gather_statistics(outlet, clock_realtime_ns(), "rotated") < 0)
		return;
	for (size_t i = 0; outlet->endings && i < outlet->ledger_count; i++)
		*ending_of(outlet, outlet->series.newest, i) = outlet->ledgers[i].account;
	if (rotation_next(&outlet->series, outlet->scratch.bytes, outlet->scratch.used) < 0)
		stop(outlet);
	note_removed(outlet);
}

static void
fill_core(struct output *outlet, struct core *core, int64_t ts_ns)
{
	/* The counters of a full core stand still, so that they tell of the time it captured. */
	outlet->counter(outlet->context);
	__atomic_store_n(&core->full_ns, ts_ns, __ATOMIC_RELAXED);
	runstate_core_full(outlet->control);
}

void
output_keep(struct output *outlet, struct counters *ledger, struct packet *packet)
{
	struct core *core = ledger->core;
	int rc;

	if (core->full_ns || packet->ts_ns > outlet->end_ns || outlet->series.recording.stop) {
		ledger->account.skipped++;
		return;
	}
	if (packet->caplen > outlet->snaplen)
		packet->caplen = outlet->snaplen;
	rc = filewriter_packet(&outlet->series.recording, packet->iface, packet);
	if (rc == FILEWRITER_FULL) {
		next_file(outlet);
		rc = filewriter_packet(&outlet->series.recording, packet->iface, packet);
	}
	if (rc < 0) {
		ledger->account.skipped++;
		stop(outlet);
		return;
	}
	ledger->account.packets++;
	ledger->account.bytes += packet->caplen;
	ledger->account.truncated += packet->caplen < packet->len;
	if (++core->packets == outlet->count)
		fill_core(outlet, core, packet->ts_ns);
}

void
output_heartbeat(struct output *outlet, int64_t now, int64_t settled)
{
	struct filewriter *recording = &outlet->series.recording;

	if (!recording->is_stream || now - outlet->beaten < BEAT_EVERY)
		return;
	outlet->beaten = now;
	outlet->counter(outlet->context);
	if (gather_statistics(outlet, settled, NULL) == 0 && !recording->stop &&
	    filewriter_blocks(recording, outlet->scratch.bytes, outlet->scratch.used) < 0)
		stop(outlet);
}

void
output_tend(struct output *outlet, int64_t now)
{
	if (now - outlet->published >= PUBLISH_EVERY)
		publish(outlet, now);
	if (outlet->series.recording.is_stream || now - outlet->flushed >= FLUSH_EVERY)
		flush(outlet, now);
	note_removed(outlet);
}

void
output_finish(struct output *outlet)
{
	const struct runstate *control = outlet->control;

	flush(outlet, 0);
	/* Before the reader of a livestream can know of its end, and look. */
	publish(outlet, 0);
	outlet->whole =
	    gather_statistics(outlet, control->end_ns, stop_reason_name(control->reason)) == 0 &&
	    rotation_end(&outlet->series, outlet->scratch.bytes, outlet->scratch.used) == 0;
	note_removed(outlet);
	publish(outlet, 0);
	pthread_mutex_lock(&outlet->lock);
	outlet->is_finished = true;
	pthread_cond_broadcast(&outlet->finished);
	pthread_mutex_unlock(&outlet->lock);
}

void
output_await(struct output *outlet, int64_t ns)
{
	const int64_t end = clock_monotonic_ns() + ns;
	const struct timespec until = {end / NS_PER_SECOND, end % NS_PER_SECOND};

	pthread_mutex_lock(&outlet->lock);
	while (!outlet->is_finished && pthread_cond_clockwait(&outlet->finished, &outlet->lock,
							      CLOCK_MONOTONIC, &until) == 0)
		;
	pthread_mutex_unlock(&outlet->lock);
}
