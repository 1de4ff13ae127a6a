/*
 * A merge of rings. Each ring is in the order of time, so the oldest packet of all is the oldest of
 * the heads, kept in a heap. It may be written once no ring can still bring an older one: every
 * other ring either has a younger packet at its head, or was empty when the clock was read. Since
 * the kernel hands over blocks, not packets, a ring that looks empty may hold packets in a block
 * that is not full; these are as old as the block's timeout at most, which gives the watermark of
 * such a ring: now less hold_ns. If even the block that the kernel is filling is empty, only a
 * packet that is on its way from its timestamp to the ring can be older than now: ARRIVAL.
 *
 * A ring of all interfaces has packets of some that are not captured: which, is looked up whenever a
 * block is begun, so that whatever was told before a packet was received is known when it is judged.
 * Such a ring's drops are of no interface: they are shared out as the packets that did find room.
 *
 * The rings begin to accept packets one after the other. So that no connection has packets on one
 * core of which the answers are missing on another, all leave out what was received before the last
 * of them was open.
 *
 * Order costs a delay, hold_ns at most. When a ring is more than half full its
 * packets are written without waiting, because a lost packet is worse than a misplaced one. A loop
 * with one ring never waits.
 */
#include "capture/capture_loop.h"

#include "base/clock.h"
#include "base/heap.h"

#include <stdlib.h>

#define MS INT64_C(1000000)

/* By how much the kernel's timer that hands over blocks may be late. */
#define RETIRE_DELAY (30 * MS)
/* From the timestamp of a packet until it is in its ring: it may queue behind many others. */
#define ARRIVAL (15 * MS)
/* Packets between checks of the clock and the runstate. */
#define ROUND_MAX 65536
/* Packets of other interfaces that are passed over before anything else is looked at. */
#define PASSED_MAX 65536
/* Rounds after the end, if no time bounds what is still to be written. */
#define LAST_ROUNDS_MAX 256

int
capture_loop_init(struct capture_loop *loop, struct failure *why)
{
	/* The kernel hands over a block after at most two of its timeouts. */
	loop->hold_ns = 2 * loop->inputs->ring.geometry.retire_ms * MS + RETIRE_DELAY;
	loop->heap = calloc(loop->input_count, sizeof(struct ring_input *));
	loop->pollfds = calloc(loop->input_count + 1, sizeof(struct pollfd));
	if (loop->heap && loop->pollfds)
		return 0;
	capture_loop_release(loop);
	return failure_errno(why, "cannot start a capture loop");
}

void
capture_loop_release(struct capture_loop *loop)
{
	free(loop->heap);
	free(loop->pollfds);
	ifspans_release(&loop->view.spans);
	loop->heap = NULL;
	loop->pollfds = NULL;
}

/* By time; packets of the same time by core, then by interface. */
static bool
is_before(const struct ring_input *a, const struct ring_input *b)
{
	return a->packet.ts_ns != b->packet.ts_ns ? a->packet.ts_ns < b->packet.ts_ns : a < b;
}

HEAP_DEFINE(ring_heap, struct ring_input *, is_before);

/* Adds drops of a ring of all interfaces to the counts of these, as many as each had of the packets
 * since the last time; what the division leaves goes to the one that had the most. */
static void
share_drops(struct ring_input *input, uint32_t interfaces)
{
	const uint64_t dropped = input->ring.dropped - input->dropped_before;
	uint64_t all = 0, left = dropped;
	uint32_t most = 0;

	for (uint32_t i = 0; i < interfaces; i++) {
		const struct counters *counters = &input->counters[i];

		all += counters->counts.received - counters->received_before;
		if (counters->counts.received - counters->received_before >
		    input->counters[most].counts.received - input->counters[most].received_before)
			most = i;
	}
	for (uint32_t i = 0; i < interfaces; i++) {
		struct counters *counters = &input->counters[i];
		const uint64_t received = counters->counts.received - counters->received_before;
		const uint64_t share =
		    all ? (uint64_t)((unsigned __int128)dropped * received / all) : 0;

		counters->counts.dropped += share;
		counters->counts.received += share;
		left -= share;
	}
	if (left && interfaces) {
		input->counters[most].counts.dropped += left;
		input->counters[most].counts.received += left;
	}
	for (uint32_t i = 0; i < interfaces; i++)
		input->counters[i].received_before = input->counters[i].counts.received;
	input->dropped_before = input->ring.dropped;
}

void
capture_loop_refresh(void *arg)
{
	struct capture_loop *loop = arg;

	for (size_t i = 0; i < loop->input_count; i++) {
		struct ring_input *input = &loop->inputs[i];
		struct counts *counts = &input->counters[input->packet.iface].counts;

		if (input->core->full_ns)
			continue;
		ring_count(&input->ring);
		if (loop->watch) {
			share_drops(input, iftable_count(loop->output->interfaces));
			continue;
		}
		counts->received = input->ring.received - input->ring.ignored;
		counts->dropped = input->ring.dropped;
	}
}

/* Whether the packet at hand is one of the capture; sets its interface. */
static bool
judge(struct capture_loop *loop, struct ring_input *input)
{
	struct packet *packet = &input->packet;
	uint32_t slot;

	if (!input->has_begun && packet->ts_ns < loop->runstate->start_ns)
		return false;
	input->has_begun = true;
	if (!loop->watch)
		return true;
	if (input->judged != input->ring.blocks) {
		ifwatch_look(loop->watch, &loop->view);
		input->judged = input->ring.blocks;
	}
	slot = ifspans_find(&loop->view.spans, input->ring.ifindex, packet->ts_ns);
	if (slot == IFTABLE_NONE || (ifspans_doubt(&loop->view.spans, packet->ts_ns) &&
				     doubles_has(&input->doubles, packet, input->ring.ifindex)))
		return false;
	packet->iface = slot;
	input->counters[slot].counts.received++;
	return true;
}

/* Gets the next packet of the capture from the ring. False: there is none for now. */
static bool
next_packet(struct capture_loop *loop, struct ring_input *input)
{
	for (unsigned passed = 0; passed < PASSED_MAX; passed++)
		if (!ring_next(&input->ring, &input->packet))
			return false;
		else if (judge(loop, input))
			return true;
	return false;
}

/* Watermarks of an input without a packet at hand, as far as the clock tells: no packet that is
 * still to come is older. */
struct watermarks {
	int64_t unread; /* if the ring may hold packets that were not handed over */
	int64_t empty;  /* if the ring is empty */
};

/* The watermark of an input. Its packets are in order, so the last one's time is a watermark, too.
 */
static int64_t
watermark_of(const struct ring_input *input, const struct watermarks *watermarks)
{
	int64_t by_clock = ring_is_empty(&input->ring) ? watermarks->empty : watermarks->unread;

	return by_clock > input->packet.ts_ns ? by_clock : input->packet.ts_ns;
}

/* Gets a packet from each input that has none at hand. Returns the watermark of those that remain
 * without. */
static int64_t
refill(struct capture_loop *loop, const struct watermarks *watermarks)
{
	int64_t watermark = INT64_MAX;

	for (size_t i = 0; i < loop->input_count; i++) {
		struct ring_input *input = &loop->inputs[i];

		if (input->has_packet)
			continue;
		if (input->core->full_ns) {
			input->counters->counts.skipped += ring_skip(&input->ring);
			continue;
		}
		input->has_packet = next_packet(loop, input);
		if (input->has_packet)
			ring_heap_push(loop->heap, &loop->heap_count, input);
		else if (watermark_of(input, watermarks) < watermark)
			watermark = watermark_of(input, watermarks);
	}
	return watermark;
}

/* Writes packets of the first input as long as they are older than those of all others and than
 * the watermark; one in any case. Returns their number. */
static unsigned
write_run(struct capture_loop *loop, int64_t watermark)
{
	struct ring_input *input = loop->heap[0];
	int64_t until = watermark;
	unsigned written = 0;

	for (size_t i = 1; i <= 2 && i < loop->heap_count; i++)
		if (loop->heap[i]->packet.ts_ns < until)
			until = loop->heap[i]->packet.ts_ns;
	do {
		if (loop->rates)
			packetrates_see(loop->rates, loop->number, &input->packet);
		output_packet(loop->output, &input->packet);
		input->has_packet = next_packet(loop, input);
		written++;
	} while (input->has_packet && input->packet.ts_ns < until && written < ROUND_MAX);
	if (input->has_packet)
		ring_heap_sift_down(loop->heap, loop->heap_count, input);
	else
		ring_heap_pop(loop->heap, &loop->heap_count);
	return written;
}

/* Writes packets up to the watermark. True: no other can be written for now; false: the round was
 * too short for all of them. */
static bool
run_round(struct capture_loop *loop, const struct watermarks *watermarks)
{
	int64_t watermark = refill(loop, watermarks);
	unsigned written = 0;

	while (loop->heap_count && written < ROUND_MAX) {
		struct ring_input *first = loop->heap[0];

		if (first->packet.ts_ns > watermark && !ring_is_half_full(&first->ring))
			break;
		written += write_run(loop, watermark);
		/* It was at the end of its block, and may have another. */
		if (!first->has_packet)
			watermark = refill(loop, watermarks);
	}
	if (written || !loop->heap_count)
		loop->last_progress = clock_monotonic_ns();
	return written < ROUND_MAX;
}

/* Sleeps until an empty ring has a block, or waiting packets may be old enough. */
static void
wait_for_packets(struct capture_loop *loop)
{
	size_t count = 0;

	/* A ring with a packet at hand would poll readable at once. */
	for (size_t i = 0; i < loop->input_count; i++)
		if (!loop->inputs[i].has_packet && !loop->inputs[i].core->full_ns)
			loop->pollfds[count++] =
			    (struct pollfd){.fd = loop->inputs[i].ring.fd, .events = POLLIN};
	loop->pollfds[count++] =
	    (struct pollfd){.fd = loop->runstate->stop_fd,
			    .events = loop->output->end_ns == INT64_MAX ? POLLIN : 0};
	if (poll(loop->pollfds, count, loop->heap_count ? (int)(loop->hold_ns / (4 * MS)) : 100) <=
	    0)
		return;
	/* The error of an interface that went down is reported once, and then cleared. */
	for (size_t i = 0; i < loop->input_count; i++)
		for (size_t j = 0; j < count; j++)
			if (loop->pollfds[j].revents & POLLERR &&
			    loop->pollfds[j].fd == loop->inputs[i].ring.fd)
				ring_is_attached(&loop->inputs[i].ring);
}

/* Whether the capture was stopped, and all packets from before that have been handed over. */
static bool
end_is_reached(struct capture_loop *loop, int64_t now)
{
	int64_t end_ns, end_mono;
	enum stop_reason reason = runstate_reason(loop->runstate, &end_ns, &end_mono);

	if (reason == STOP_NONE)
		return false;
	/* If the clock was set back, packets from before the end may have later times. */
	if (runstate_clock_step(loop->runstate) == 0)
		loop->output->end_ns = end_ns;
	switch (reason) {
	case STOP_TIME:
	case STOP_SIGNAL:
	case STOP_REQUEST:
	case STOP_LEASE:
	case STOP_INTERFACE: return now - end_mono > loop->hold_ns;
	default: return true;
	}
}

/* Writes what is left from before the end, and ends the output. */
static void
finish(struct capture_loop *loop)
{
	const int64_t end_ns = loop->output->end_ns;
	const struct watermarks watermarks = {end_ns, end_ns};

	/* Bounded, because without end_ns (the clock was set) traffic could go on for ever. */
	for (int i = 0; i < LAST_ROUNDS_MAX && !run_round(loop, &watermarks); i++)
		;
	for (size_t i = 0; i < loop->input_count; i++) {
		struct ring_input *input = &loop->inputs[i];

		input->counters->counts.skipped += input->has_packet + ring_skip(&input->ring);
		input->has_packet = false;
	}
	output_finish(loop->output);
}

void *
capture_loop_run(void *arg)
{
	struct capture_loop *loop = arg;
	int64_t now = clock_monotonic_ns();

	if (!runstate_wait_begin(loop->runstate))
		return NULL;
	loop->last_progress = now;
	while (!end_is_reached(loop, now)) {
		/* The clock is read before the rings: what they hold later is younger. */
		int64_t wall = clock_realtime_ns();
		struct watermarks watermarks = {wall - loop->hold_ns, wall - ARRIVAL};
		bool is_idle;

		/* A single ring is in order by itself; and if the clock was set back, packets would
		 * have to wait for that long. */
		if (loop->input_count == 1 || now - loop->last_progress > 4 * loop->hold_ns)
			watermarks = (struct watermarks){INT64_MAX, INT64_MAX};
		is_idle = run_round(loop, &watermarks);
		now = clock_monotonic_ns();
		if (is_idle)
			output_heartbeat(loop->output, now, wall - loop->hold_ns);
		output_tick(loop->output, now);
		if (is_idle)
			wait_for_packets(loop);
		now = clock_monotonic_ns();
	}
	finish(loop);
	/* Each takes the kernel some milliseconds, so every thread closes its own. */
	runstate_wait_end(loop->runstate);
	for (size_t i = 0; i < loop->input_count; i++)
		ring_close(&loop->inputs[i].ring);
	return NULL;
}
