/*
 * The thread of an output counts every packet in counters of its own, without a lock; five times a
 * second it copies them, under the lock, to where other threads read. Packets count once they are
 * buffered; those that could not be written in the end are subtracted before the last copy.
 *
 * Files that the rotation removes take their packets with them. So that the counts say what is
 * there, the counts at each file's end are kept; as files go in the order they came, the packets
 * removed so far are those counted at the end of the newest removed file.
 *
 * A rolling capture goes on when the disk's limits refuse a write: what was refused is counted as
 * skipped, and every file but a new one is removed, so that its mark (ringmark) is still true.
 */
#include "capture/output.h"

#include "base/clock.h"
#include "capture/statistics_comment.h"
#include "packet/headers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

/* With the delay in the ring, well within the second of packets that a killed capture may lose. */
#define FLUSH_EVERY     (500 * MS)
#define PUBLISH_EVERY   (200 * MS)
#define HEARTBEAT_EVERY (100 * MS)
/* Of a file: whoever takes the last minutes waits for it. */
#define HEARTBEAT_FILE (500 * MS)

/* An output of a single core has that one alone, whatever its number. */
static unsigned
row_of(const struct output *output, unsigned core)
{
	return output->core_count > 1 ? core : 0;
}

struct core *
output_core(const struct output *output, unsigned core)
{
	return &output->cores[row_of(output, core)];
}

struct counters *
output_counters(const struct output *output, unsigned core, uint32_t interface)
{
	return &output
		    ->counters[(size_t)row_of(output, core) * output->interfaces->room + interface];
}

int
output_open(struct output *output, struct failure *why)
{
	pthread_mutex_init(&output->lock, NULL);
	pthread_cond_init(&output->finished, NULL);
	output->rotation.boot_ns = clock_boottime_ns();
	return rotation_open(&output->rotation, why);
}

void
output_release(struct output *output)
{
	rotation_release(&output->rotation);
	blocks_release(&output->scratch);
	free(output->filter_comment);
	free(output->always_comment);
	free(output->lost);
	*output = OUTPUT_INIT;
}

/* Keeps the counts as of now, the end of the newest file. */
static int
keep_counts(struct output *output)
{
	struct kept_file *file =
	    keptfiles_get(&output->rotation.kept, output->rotation.kept.newest);
	const uint32_t interfaces = iftable_count(output->interfaces);
	struct counts *counts =
	    realloc(file->counts, (size_t)output->core_count * interfaces * sizeof(*counts));

	if (!counts)
		return -1;
	for (unsigned core = 0; core < output->core_count; core++)
		for (uint32_t i = 0; i < interfaces; i++)
			counts[(size_t)core * interfaces + i] =
			    output_counters(output, core, i)->counts;
	file->counts = counts;
	file->interface_count = interfaces;
	return 0;
}

/* What has gone with the files that were removed. */
static void
count_removed(struct output *output)
{
	const struct keptfiles *kept = &output->rotation.kept;
	const struct kept_file *gone = &kept->gone;

	if (output->oldest_file == kept->oldest)
		return;
	output->oldest_file = kept->oldest;
	__atomic_store_n(&output->since_ns, keptfiles_get(kept, kept->oldest)->begun_ns,
			 __ATOMIC_RELAXED);
	for (unsigned core = 0; core < output->core_count; core++)
		for (uint32_t i = 0; i < gone->interface_count; i++) {
			const struct counts *then =
			    &gone->counts[(size_t)core * gone->interface_count + i];
			struct counts *now = &output_counters(output, core, i)->counts;

			now->removed = then->packets;
			now->removed_bytes = then->bytes;
		}
}

static void
publish(struct output *output, int64_t now)
{
	const uint32_t interfaces = iftable_count(output->interfaces);

	output->refresh(output->refresh_context);
	pthread_mutex_lock(&output->lock);
	for (unsigned core = 0; core < output->core_count; core++)
		for (uint32_t i = 0; i < interfaces; i++) {
			struct counters *counters = output_counters(output, core, i);

			counters->published = counters->counts;
		}
	pthread_mutex_unlock(&output->lock);
	output->last_publish = now;
}

void
output_read(struct output *output, const struct counters *counters, struct counts *to)
{
	pthread_mutex_lock(&output->lock);
	counts_add(to, &counters->published);
	pthread_mutex_unlock(&output->lock);
}

/* Counts the packets that were added to the file but not written as skipped. */
static void
uncount_unwritten(struct output *output)
{
	const struct filewriter *writer = &output->rotation.writer;
	uint32_t id, caplen, len;
	size_t at = 0;

	while (filewriter_next_unwritten(writer, &at, &id, &caplen, &len)) {
		struct counters *counters = output_counters(output, 0, id);

		counters->counts.packets--;
		counters->counts.bytes -= caplen;
		counters->counts.truncated -= caplen < len;
		counters->counts.skipped++;
		output->cores->packets--;
	}
}

/* Puts the statistics of the first count interfaces into scratch, summed over the cores of this output.
 * end: why these are the last ones; NULL: they are not. What was lost is said with the first one. */
static int
format_statistics(struct output *output, uint32_t count, int64_t ts_ns, const char *end)
{
	struct statistics_facts facts = {
	    .core = output->rotation.dir ? (int64_t)output->cores->number : -1,
	    .end = end,
	    .clock_step = end ? runstate_clock_step(output->runstate) : 0,
	    .filter = output->filter_comment,
	    .always = output->always_comment,
	};
	char *comment = statistics_comment(&facts), *first = comment;
	int rc;

	facts.lost = output->lost;
	if (facts.lost)
		first = statistics_comment(&facts);
	rc = comment && first ? 0 : -1;
	output->scratch.used = 0;
	for (uint32_t id = 0; rc == 0 && id < count; id++) {
		struct statistics statistics = STATISTICS_INIT;
		struct counts sum = {0};

		for (unsigned core = 0; core < output->core_count; core++)
			counts_add(&sum, &output_counters(output, core, id)->counts);
		statistics.ts_ns = ts_ns;
		statistics.start_ns = output->runstate->start_ns;
		statistics.end_ns = end ? ts_ns : INT64_MIN;
		statistics.received = sum.received;
		statistics.dropped = sum.dropped;
		statistics.accepted = sum.packets;
		rc = pcapng_write_statistics(&output->scratch, id, &statistics,
					     id == 0 ? first : comment);
	}
	if (rc < 0)
		runstate_stop(output->runstate, STOP_ERROR, strerror(errno));
	if (first != comment)
		free(first);
	free(comment);
	return rc;
}

static void stop(struct output *output);

/* A file of a rolling capture says from its beginning that nothing older follows: a snapshot may have it
 * before its first heartbeat is due. */
static int
begin_with_heartbeat(struct output *output)
{
	struct filewriter *writer = &output->rotation.writer;

	if (!output->reached_ns || !output->described)
		return 0;
	if (format_statistics(output, 1, output->reached_ns, NULL) < 0)
		return -1;
	filewriter_blocks(writer, output->scratch.bytes, output->scratch.used);
	return writer->stop ? -1 : filewriter_flush(writer);
}

/* Ends the newest file and begins another. -1: the writer has stopped, or the capture. */
static int
next_file(struct output *output)
{
	output->refresh(output->refresh_context);
	if (format_statistics(output, output->described, clock_realtime_ns(), "rotated") < 0)
		return -1;
	if (rotation_is_ring(&output->rotation) && keep_counts(output) < 0) {
		runstate_stop(output->runstate, STOP_ERROR, strerror(errno));
		return -1;
	}
	output->rotation.boot_ns = clock_boottime_ns();
	if (rotation_next(&output->rotation, output->scratch.bytes, output->scratch.used) < 0)
		return -1;
	return output->rotation.rolling_ns ? begin_with_heartbeat(output) : 0;
}

/* The newest file has reached its size, or its time. */
static void
rotate(struct output *output)
{
	if (next_file(output) < 0)
		stop(output);
	count_removed(output);
}

/* Whether others have left no room, which may come back. */
static bool
lacks_room(const struct filewriter *writer)
{
	return writer->stop == FILEWRITER_RESERVE || writer->stop == FILEWRITER_DISK_FULL;
}

/* Goes on with an empty ring where the disk refused a write, or, if it refuses even that, waits for it
 * (roll). False: it cannot. */
static bool
shed(struct output *output)
{
	struct filewriter *writer = &output->rotation.writer;

	if (!output->rotation.rolling_ns ||
	    (writer->stop != FILEWRITER_SIZE && writer->stop != FILEWRITER_RESERVE &&
	     writer->stop != FILEWRITER_DISK_FULL))
		return false;
	uncount_unwritten(output);
	writer->used = 0;
	rotation_shed(&output->rotation);
	writer->stop = FILEWRITER_NOT_STOPPED;
	writer->error = 0;
	if (next_file(output) < 0)
		return lacks_room(writer);
	rotation_shed(&output->rotation);
	count_removed(output);
	return true;
}

/* The writer has stopped: so does the capture, unless it can go on with less. */
static void
stop(struct output *output)
{
	const enum stop_reason reasons[] = {
	    [FILEWRITER_SIZE] = STOP_SIZE,           [FILEWRITER_RESERVE] = STOP_RESERVE,
	    [FILEWRITER_DISK_FULL] = STOP_DISK_FULL, [FILEWRITER_CLOSED] = output->closed_reason,
	    [FILEWRITER_ERROR] = STOP_ERROR,
	};
	struct filewriter *writer = &output->rotation.writer;

	if (shed(output) || !writer->stop)
		return;
	if (!writer->is_stream)
		uncount_unwritten(output);
	writer->used = 0;
	/* With a reserve of 0, the disk is full but for what is held back for the last blocks. */
	if (writer->stop == FILEWRITER_RESERVE && writer->quota->reserve == 0)
		writer->stop = FILEWRITER_DISK_FULL;
	runstate_stop(output->runstate, reasons[writer->stop],
		      writer->error ? strerror(writer->error) : "");
}

static void
flush(struct output *output, int64_t now)
{
	struct filewriter *writer = &output->rotation.writer;

	output->last_flush = now;
	if (writer->stop)
		return;
	if (filewriter_flush(writer) < 0)
		stop(output);
	else
		__atomic_store_n(&output->written_ns, output->reached_ns, __ATOMIC_RELAXED);
}

/* Describes the interfaces that have come since, in this file and at the beginning of all later
 * ones, and keeps room for their statistics. */
static void
describe_new(struct output *output)
{
	const uint32_t interfaces = iftable_count(output->interfaces);
	struct rotation *rotation = &output->rotation;
	const size_t before = rotation->headers.used;
	int rc = 0;

	if (output->described == interfaces || rotation->writer.stop)
		return;
	for (uint32_t i = output->described; rc == 0 && i < interfaces; i++)
		rc = output->describe(output->describe_context, i, &rotation->headers);
	if (rc < 0) {
		runstate_stop(output->runstate, STOP_ERROR, strerror(errno));
		return;
	}
	rotation->end_room += OUTPUT_END_ROOM(interfaces) - OUTPUT_END_ROOM(output->described);
	if (rotation->quota)
		diskquota_hold(rotation->quota,
			       OUTPUT_END_ROOM(interfaces) - OUTPUT_END_ROOM(output->described));
	filewriter_limit(&rotation->writer, rotation->file_size, rotation->end_room);
	rc = filewriter_blocks(&rotation->writer, rotation->headers.bytes + before,
			       rotation->headers.used - before);
	/* The next file begins with all of them. */
	if (rc == FILEWRITER_FULL)
		rotate(output);
	else if (rc < 0)
		stop(output);
	output->described = interfaces;
}

static void
fill_core(struct output *output, struct core *core, int64_t ts_ns)
{
	/* The counters of a full core are frozen, so that they cover the time it captured. */
	output->refresh(output->refresh_context);
	__atomic_store_n(&core->full_ns, ts_ns, __ATOMIC_RELAXED);
	runstate_core_full(output->runstate);
}

void
output_packet(struct output *output, struct packet *packet)
{
	struct core *core = output_core(output, packet->core);
	struct counters *counters = output_counters(output, packet->core, packet->iface);
	int rc;

	if (core->full_ns || packet->ts_ns > output->end_ns || output->rotation.writer.stop) {
		counters->counts.skipped++;
		return;
	}
	if (packet->caplen > output->snaplen)
		packet->caplen = output->snaplen;
	if (packet->iface >= output->described)
		describe_new(output);
	if (packet->iface >= output->described) {
		counters->counts.skipped++;
		return;
	}
	if (output->cuts)
		headers_cut(packet, output->interfaces->slots[packet->iface].linktype);
	rc = filewriter_packet(&output->rotation.writer, packet->iface, packet);
	if (rc == FILEWRITER_FULL) {
		rotate(output);
		rc = filewriter_packet(&output->rotation.writer, packet->iface, packet);
	}
	if (rc < 0) {
		counters->counts.skipped++;
		stop(output);
		return;
	}
	if (output->tap)
		hellotap_see(output->tap, packet,
			     output->interfaces->slots[packet->iface].linktype);
	counters->counts.packets++;
	counters->counts.bytes += packet->caplen;
	counters->counts.truncated += packet->caplen < packet->len;
	output->reached_ns = packet->ts_ns;
	if (++core->packets == output->count)
		fill_core(output, core, packet->ts_ns);
}

/* To a file, of one interface only: it is the time that counts. */
void
output_heartbeat(struct output *output, int64_t now, int64_t watermark)
{
	struct filewriter *writer = &output->rotation.writer;
	int rc;

	if ((!writer->is_stream && !output->rotation.rolling_ns) ||
	    now - output->last_heartbeat < (writer->is_stream ? HEARTBEAT_EVERY : HEARTBEAT_FILE))
		return;
	output->last_heartbeat = now;
	describe_new(output);
	output->refresh(output->refresh_context);
	if (format_statistics(output,
			      writer->is_stream || !output->described ? output->described : 1,
			      watermark, NULL) < 0 ||
	    writer->stop)
		return;
	rc = filewriter_blocks(writer, output->scratch.bytes, output->scratch.used);
	if (rc == FILEWRITER_FULL)
		rotate(output);
	else if (rc < 0)
		stop(output);
	if (writer->is_stream)
		return;
	if (watermark > output->reached_ns)
		output->reached_ns = watermark;
	flush(output, now);
}

/* Begins and removes files by their time. */
static void
roll(struct output *output)
{
	struct rotation *rotation = &output->rotation;

	rotation->boot_ns = clock_boottime_ns();
	if (rotation->rolling_ns && lacks_room(&rotation->writer) && rotation_retry(rotation) < 0 &&
	    !lacks_room(&rotation->writer))
		stop(output);
	if (rotation->writer.stop || !rotation_is_due(rotation))
		return;
	flush(output, output->last_flush);
	if (rotation->writer.stop)
		return;
	/* Unless the flush has just begun another. */
	if (rotation_is_due(rotation))
		rotate(output);
	rotation_expire(rotation);
}

void
output_tick(struct output *output, int64_t now)
{
	if (now - output->last_publish >= PUBLISH_EVERY) {
		describe_new(output);
		publish(output, now);
		roll(output);
	}
	if (output->rotation.writer.is_stream || now - output->last_flush >= FLUSH_EVERY)
		flush(output, now);
	count_removed(output);
}

void
output_finish(struct output *output)
{
	const struct runstate *runstate = output->runstate;

	flush(output, 0);
	if (output->losses)
		output->lost = losses_comment(output->losses);
	/* The reader of a stream may ask for the counts as soon as it sees the end. */
	publish(output, 0);
	output->is_complete =
	    format_statistics(output, output->described, runstate->end_ns,
			      stop_reason_name(runstate->reason)) == 0 &&
	    rotation_end(&output->rotation, output->scratch.bytes, output->scratch.used) == 0;
	count_removed(output);
	publish(output, 0);
	pthread_mutex_lock(&output->lock);
	output->is_finished = true;
	pthread_cond_broadcast(&output->finished);
	pthread_mutex_unlock(&output->lock);
}

void
output_wait(struct output *output, int64_t ns)
{
	const int64_t end = clock_monotonic_ns() + ns;
	const struct timespec until = {end / NS_PER_SECOND, end % NS_PER_SECOND};

	pthread_mutex_lock(&output->lock);
	while (!output->is_finished && pthread_cond_clockwait(&output->finished, &output->lock,
							      CLOCK_MONOTONIC, &until) == 0)
		;
	pthread_mutex_unlock(&output->lock);
}
