#include "collector.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

/* The age at which no ring holds an older packet unread: the kernel gives up a block after at most
 * two retire times, and its timer may be late. */
#define HOLD (2 * RING_RETIRE_MS * MS + 30 * MS)
/* ... and at which it has reached its ring: from its timestamp to there, a packet may wait behind
 * many others. */
#define ARRIVAL (15 * MS)
/* With the ring's hold, well within the second that a kill may cost. */
#define FLUSH_EVERY   (500 * MS)
#define PUBLISH_EVERY (200 * MS)
#define BEAT_EVERY    (100 * MS)
/* Between looks at the clock and at control. */
#define PACKETS_AT_ONCE 65536

int
collector_init(struct collector *collector, struct failure *why)
{
	collector->heap = calloc(collector->lane_count, sizeof(struct lane *));
	collector->waiting = calloc(collector->lane_count + 1, sizeof(struct pollfd));
	collector->end_ns = INT64_MAX;
	collector->whole = false;
	pthread_mutex_init(&collector->lock, NULL);
	if (collector->heap && collector->waiting)
		return 0;
	collector_release(collector);
	return failure_errno(why, "cannot start collecting");
}

void
collector_release(struct collector *collector)
{
	free(collector->heap);
	free(collector->waiting);
	blocks_release(&collector->scratch);
	collector->heap = NULL;
	collector->waiting = NULL;
}

/* By time; ties by place, which is by core and then by interface. */
static bool
is_before(const struct lane *a, const struct lane *b)
{
	return a->head.ts_ns != b->head.ts_ns ? a->head.ts_ns < b->head.ts_ns : a < b;
}

static void
sift_down(struct collector *collector, size_t at)
{
	struct lane **heap = collector->heap;

	for (;;) {
		size_t child = 2 * at + 1;
		struct lane *held = heap[at];

		if (child + 1 < collector->live && is_before(heap[child + 1], heap[child]))
			child++;
		if (child >= collector->live || !is_before(heap[child], held))
			return;
		heap[at] = heap[child];
		heap[child] = held;
		at = child;
	}
}

static void
push(struct collector *collector, struct lane *lane)
{
	struct lane **heap = collector->heap;
	size_t at = collector->live++;

	for (; at > 0 && is_before(lane, heap[(at - 1) / 2]); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = lane;
}

static void
pop(struct collector *collector)
{
	collector->heap[0] = collector->heap[--collector->live];
	if (collector->live)
		sift_down(collector, 0);
}

/* The counters of a full core stand still, so that they tell of the time it captured. */
static void
count_lane(struct lane *lane)
{
	if (lane->core->full_ns)
		return;
	ring_count(&lane->ring);
	lane->account.received = lane->ring.received - lane->ring.ignored;
	lane->account.dropped = lane->ring.dropped;
}

static void
fill_core(struct collector *collector, struct core *core, int64_t ts_ns)
{
	for (size_t i = 0; i < collector->lane_count; i++)
		if (collector->lanes[i].core == core)
			count_lane(&collector->lanes[i]);
	__atomic_store_n(&core->full_ns, ts_ns, __ATOMIC_RELAXED);
	control_core_full(collector->control);
}

/* The recording has stopped: what it could not take is not kept after all. */
static void
recording_stopped(struct collector *collector)
{
	static const enum stop_reason reasons[] = {
	    [RECORDING_SIZE] = STOP_SIZE,           [RECORDING_RESERVE] = STOP_RESERVE,
	    [RECORDING_DISK_FULL] = STOP_DISK_FULL, [RECORDING_CLOSED] = STOP_CLOSED,
	    [RECORDING_ERROR] = STOP_ERROR,
	};
	const struct recording *recording = &collector->recording;
	uint32_t id, caplen, len;
	size_t at = 0;

	while (!recording->is_stream && recording_next_lost(recording, &at, &id, &caplen, &len)) {
		struct lane *lane = &collector->lanes[id];

		lane->account.packets--;
		lane->account.bytes -= caplen;
		lane->account.truncated -= caplen < len;
		lane->account.skipped++;
		lane->core->packets--;
	}
	collector->recording.used = 0;
	/* Without a reserve, what is held back for the end marks is the last of the disk. */
	if (recording->stop == RECORDING_RESERVE && recording->quota->reserve == 0)
		collector->recording.stop = RECORDING_DISK_FULL;
	control_stop(collector->control, reasons[recording->stop],
		     recording->error ? strerror(recording->error) : "");
}

static void
flush(struct collector *collector, int64_t now)
{
	collector->flushed = now;
	if (!collector->recording.stop && recording_flush(&collector->recording) < 0)
		recording_stopped(collector);
}

static void
keep(struct collector *collector, struct lane *lane)
{
	struct packet *packet = &lane->head;
	struct core *core = lane->core;

	if (core->full_ns || packet->ts_ns > collector->end_ns || collector->recording.stop) {
		lane->account.skipped++;
		return;
	}
	if (packet->caplen > collector->snaplen)
		packet->caplen = collector->snaplen;
	if (recording_packet(&collector->recording, packet->iface, packet) < 0) {
		lane->account.skipped++;
		recording_stopped(collector);
		return;
	}
	lane->account.packets++;
	lane->account.bytes += packet->caplen;
	lane->account.truncated += packet->caplen < packet->len;
	if (++core->packets == collector->count)
		fill_core(collector, core, packet->ts_ns);
}

/* Nothing older than this can come any more from a lane that has nothing at hand, for what the
 * clock says, and for what the lane itself shows: its packets come in order. */
struct bound {
	int64_t settled; /* unread packets are not older */
	int64_t arrived; /* packets that are not in a ring yet are not older */
};

static int64_t
bound_of(const struct lane *lane, const struct bound *bound)
{
	int64_t until = ring_is_empty(&lane->ring) ? bound->arrived : bound->settled;

	return until > lane->head.ts_ns ? until : lane->head.ts_ns;
}

/* Fills lanes that have nothing at hand. Returns up to when packets may be kept: what others can
 * still bring is not older. */
static int64_t
refill(struct collector *collector, const struct bound *bound)
{
	int64_t until = INT64_MAX;

	for (size_t i = 0; i < collector->lane_count; i++) {
		struct lane *lane = &collector->lanes[i];

		if (lane->live)
			continue;
		if (lane->core->full_ns) {
			lane->account.skipped += ring_skip(&lane->ring);
			continue;
		}
		lane->live = ring_next(&lane->ring, &lane->head);
		if (lane->live)
			push(collector, lane);
		else if (bound_of(lane, bound) < until)
			until = bound_of(lane, bound);
	}
	return until;
}

/* Keeps the first lane's packets as long as they come before the others' and bound. */
static unsigned
take_run(struct collector *collector, int64_t bound)
{
	struct lane *lane = collector->heap[0];
	unsigned taken = 0;

	for (size_t i = 1; i <= 2 && i < collector->live; i++)
		if (collector->heap[i]->head.ts_ns < bound)
			bound = collector->heap[i]->head.ts_ns;
	do {
		keep(collector, lane);
		lane->live = ring_next(&lane->ring, &lane->head);
		taken++;
	} while (lane->live && lane->head.ts_ns < bound && taken < PACKETS_AT_ONCE);
	if (lane->live)
		sift_down(collector, 0);
	else
		pop(collector);
	return taken;
}

/*
 * Keeps what is older than anything that can still come. True: nothing else can be kept for now;
 * false: there was too much for one round.
 */
static bool
gather(struct collector *collector, const struct bound *bound)
{
	int64_t until = refill(collector, bound);
	unsigned taken = 0;

	while (collector->live && taken < PACKETS_AT_ONCE) {
		struct lane *first = collector->heap[0];

		if (first->head.ts_ns > until && !ring_is_pressed(&first->ring))
			break;
		taken += take_run(collector, until);
		/* The lane at the end of its block may have another one. */
		if (!first->live)
			until = refill(collector, bound);
	}
	if (taken || !collector->live)
		collector->moved = clock_monotonic_ns();
	return taken < PACKETS_AT_ONCE;
}

/* Interface statistics, summed over cores, or with the core's number if there is one only. */
static void
add_statistics(struct collector *collector, int64_t ts_ns, bool last)
{
	uint32_t interfaces = collector->interface_count;
	char comment[64] = "";
	int at = 0;

	if (!collector->recording.is_stream)
		at = snprintf(comment, sizeof(comment), "core %u\n",
			      collector->lanes[0].core->number);
	if (last)
		snprintf(comment + at, sizeof(comment) - (size_t)at, "ended %s",
			 stop_reason_name(collector->control->reason));
	collector->scratch.used = 0;
	for (uint32_t id = 0; id < interfaces; id++) {
		struct statistics statistics = STATISTICS_INIT;

		statistics.ts_ns = ts_ns;
		statistics.start_ns = collector->control->start_ns;
		statistics.end_ns = last ? collector->end_ns : INT64_MIN;
		statistics.received = statistics.dropped = statistics.accepted = 0;
		for (size_t i = id; i < collector->lane_count; i += interfaces) {
			const struct account *account = &collector->lanes[i].account;

			statistics.received += account->received;
			statistics.dropped += account->dropped;
			statistics.accepted += account->packets;
		}
		if (pcapng_statistics(&collector->scratch, id, &statistics, comment) < 0)
			control_stop(collector->control, STOP_ERROR, strerror(errno));
	}
}

static void
publish(struct collector *collector, int64_t now)
{
	for (size_t i = 0; i < collector->lane_count; i++)
		count_lane(&collector->lanes[i]);
	pthread_mutex_lock(&collector->lock);
	for (size_t i = 0; i < collector->lane_count; i++)
		collector->lanes[i].public = collector->lanes[i].account;
	pthread_mutex_unlock(&collector->lock);
	collector->published = now;
}

void
collector_read(struct collector *collector, const struct lane *lane, struct account *to)
{
	pthread_mutex_lock(&collector->lock);
	to->packets += lane->public.packets;
	to->bytes += lane->public.bytes;
	to->truncated += lane->public.truncated;
	to->received += lane->public.received;
	to->dropped += lane->public.dropped;
	to->skipped += lane->public.skipped;
	pthread_mutex_unlock(&collector->lock);
}

/* What is due by the clock: statistics, and bytes that have waited long enough. */
static void
upkeep(struct collector *collector, int64_t now, int64_t settled, bool whole)
{
	if (now - collector->published >= PUBLISH_EVERY)
		publish(collector, now);
	if (collector->recording.is_stream && whole && now - collector->beaten >= BEAT_EVERY) {
		for (size_t i = 0; i < collector->lane_count; i++)
			count_lane(&collector->lanes[i]);
		add_statistics(collector, settled, false);
		if (!collector->recording.stop &&
		    recording_blocks(&collector->recording, collector->scratch.bytes,
				     collector->scratch.used) < 0)
			recording_stopped(collector);
		collector->beaten = now;
	}
	if (collector->recording.is_stream || now - collector->flushed >= FLUSH_EVERY)
		flush(collector, now);
}

/* Sleeps until a ring that had nothing has a block, or held packets have come of age. */
static void
wait_for_packets(struct collector *collector)
{
	size_t count = 0;
	/* A lane whose packet waits would always poll readable. */
	for (size_t i = 0; i < collector->lane_count; i++)
		if (!collector->lanes[i].live && !collector->lanes[i].core->full_ns)
			collector->waiting[count++] =
			    (struct pollfd){.fd = collector->lanes[i].ring.fd, .events = POLLIN};
	collector->waiting[count++] =
	    (struct pollfd){.fd = collector->control->stop_fd,
			    .events = collector->end_ns == INT64_MAX ? POLLIN : 0};
	if (poll(collector->waiting, count, collector->live ? RING_RETIRE_MS / 2 : 100) <= 0)
		return;
	/* An interface that went down says so once. */
	for (size_t i = 0; i < collector->lane_count; i++)
		for (size_t j = 0; j < count; j++)
			if (collector->waiting[j].revents & POLLERR &&
			    collector->waiting[j].fd == collector->lanes[i].ring.fd)
				ring_is_attached(&collector->lanes[i].ring);
}

/* Whether the end has come, and with it all packets from before it. */
static bool
is_over(struct collector *collector, int64_t now)
{
	int64_t end_ns, end_mono;

	switch (control_reason(collector->control, &end_ns, &end_mono)) {
	case STOP_NONE: return false;
	case STOP_TIME:
	case STOP_SIGNAL:
	case STOP_LEASE:
	case STOP_INTERFACE: collector->end_ns = end_ns; return now - end_mono > HOLD;
	default: collector->end_ns = end_ns; return true;
	}
}

static void
finish(struct collector *collector)
{
	const struct bound bound = {collector->end_ns, collector->end_ns};

	while (!gather(collector, &bound))
		;
	for (size_t i = 0; i < collector->lane_count; i++) {
		struct lane *lane = &collector->lanes[i];

		lane->account.skipped += lane->live + ring_skip(&lane->ring);
		lane->live = false;
		count_lane(lane);
	}
	flush(collector, 0);
	add_statistics(collector, collector->end_ns, true);
	collector->whole = recording_end(&collector->recording, collector->scratch.bytes,
					 collector->scratch.used) == 0;
	publish(collector, 0);
}

void *
collector_run(void *arg)
{
	struct collector *collector = arg;
	int64_t now = clock_monotonic_ns();

	if (!control_wait_begin(collector->control))
		return NULL;
	collector->moved = now;
	while (!is_over(collector, now)) {
		/* Read before looking into the rings: what they hold later is younger. */
		int64_t wall = clock_realtime_ns();
		struct bound bound = {wall - HOLD, wall - ARRIVAL};
		bool whole;

		/* A lone ring is in order by itself; and should the clock be set back, nothing
		 * would come of age for as long. */
		if (collector->lane_count == 1 || now - collector->moved > 4 * HOLD)
			bound = (struct bound){INT64_MAX, INT64_MAX};
		whole = gather(collector, &bound);
		now = clock_monotonic_ns();
		upkeep(collector, now, wall - HOLD, whole);
		if (whole)
			wait_for_packets(collector);
		now = clock_monotonic_ns();
	}
	finish(collector);
	return NULL;
}
