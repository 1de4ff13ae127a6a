/*
 * A merge of rings. Each ring is in the order of time, so the oldest packet of all is the oldest of
 * the heads, kept in a heap. It may be written once no ring can still bring an older one: every
 * other ring either has a younger packet at its head, or was empty when the clock was read. Since
 * the kernel hands over blocks, not packets, a ring that looks empty may hold packets in a block
 * that is not full; these are as old as the block's timeout at most, which gives the watermark of
 * such a ring: now less hold_ns. If even the block that the kernel is filling is empty, only a
 * packet that is on its way from its timestamp to the ring can be older than now: ARRIVAL.
 *
 * So order costs a delay, hold_ns at most. When a ring is more than half full its
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

void
capture_loop_refresh(void *arg)
{
	struct capture_loop *loop = arg;

	for (size_t i = 0; i < loop->input_count; i++) {
		struct ring_input *input = &loop->inputs[i];

		if (input->counters->core->full_ns)
			continue;
		ring_count(&input->ring);
		input->counters->counts.received = input->ring.received - input->ring.ignored;
		input->counters->counts.dropped = input->ring.dropped;
	}
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
		if (input->counters->core->full_ns) {
			input->counters->counts.skipped += ring_skip(&input->ring);
			continue;
		}
		input->has_packet = ring_next(&input->ring, &input->packet);
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
		output_packet(loop->output, input->counters, &input->packet);
		input->has_packet = ring_next(&input->ring, &input->packet);
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
		if (!loop->inputs[i].has_packet && !loop->inputs[i].counters->core->full_ns)
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
