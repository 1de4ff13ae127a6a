#include "capture/capture_loop.h"

#include "base/clock.h"

#include <stdlib.h>

#define MS INT64_C(1000000)

/* How late the kernel's timer may be that hands over blocks. */
#define LATE (30 * MS)
/* ... and at which it has reached its ring: from its timestamp to there, a packet may wait behind
 * many others. */
#define ARRIVAL (15 * MS)
/* Between looks at the clock and at control. */
#define PACKETS_AT_ONCE 65536

int
capture_loop_init(struct capture_loop *collector, struct failure *why)
{
	/* The kernel gives up a block after at most two retire times. */
	collector->hold = 2 * collector->lanes->ring.geometry.retire_ms * MS + LATE;
	collector->heap = calloc(collector->lane_count, sizeof(struct ring_input *));
	collector->waiting = calloc(collector->lane_count + 1, sizeof(struct pollfd));
	if (collector->heap && collector->waiting)
		return 0;
	capture_loop_release(collector);
	return failure_errno(why, "cannot start collecting");
}

void
capture_loop_release(struct capture_loop *collector)
{
	free(collector->heap);
	free(collector->waiting);
	collector->heap = NULL;
	collector->waiting = NULL;
}

/* By time; ties by place, which is by core and then by interface. */
static bool
is_before(const struct ring_input *a, const struct ring_input *b)
{
	return a->head.ts_ns != b->head.ts_ns ? a->head.ts_ns < b->head.ts_ns : a < b;
}

static void
sift_down(struct capture_loop *collector, size_t at)
{
	struct ring_input **heap = collector->heap;

	for (;;) {
		size_t child = 2 * at + 1;
		struct ring_input *held = heap[at];

		if (child + 1 < collector->merge_live && is_before(heap[child + 1], heap[child]))
			child++;
		if (child >= collector->merge_live || !is_before(heap[child], held))
			return;
		heap[at] = heap[child];
		heap[child] = held;
		at = child;
	}
}

static void
push(struct capture_loop *collector, struct ring_input *lane)
{
	struct ring_input **heap = collector->heap;
	size_t at = collector->merge_live++;

	for (; at > 0 && is_before(lane, heap[(at - 1) / 2]); at = (at - 1) / 2)
		heap[at] = heap[(at - 1) / 2];
	heap[at] = lane;
}

static void
pop(struct capture_loop *collector)
{
	collector->heap[0] = collector->heap[--collector->merge_live];
	if (collector->merge_live)
		sift_down(collector, 0);
}

void
capture_loop_count(void *arg)
{
	struct capture_loop *collector = arg;

	for (size_t i = 0; i < collector->lane_count; i++) {
		struct ring_input *lane = &collector->lanes[i];

		if (lane->ledger->core->full_ns)
			continue;
		ring_count(&lane->ring);
		lane->ledger->account.received = lane->ring.received - lane->ring.ignored;
		lane->ledger->account.dropped = lane->ring.dropped;
	}
}

/* Nothing older than this can come any more from a lane that has nothing at hand, for what the
 * clock says, and for what the lane itself shows: its packets come in order. */
struct bound {
	int64_t settled; /* unread packets are not older */
	int64_t arrived; /* packets that are not in a ring yet are not older */
};

static int64_t
bound_of(const struct ring_input *lane, const struct bound *bound)
{
	int64_t until = ring_is_empty(&lane->ring) ? bound->arrived : bound->settled;

	return until > lane->head.ts_ns ? until : lane->head.ts_ns;
}

/* Fills lanes that have nothing at hand. Returns up to when packets may be kept: what others can
 * still bring is not older. */
static int64_t
refill(struct capture_loop *collector, const struct bound *bound)
{
	int64_t until = INT64_MAX;

	for (size_t i = 0; i < collector->lane_count; i++) {
		struct ring_input *lane = &collector->lanes[i];

		if (lane->merge_live)
			continue;
		if (lane->ledger->core->full_ns) {
			lane->ledger->account.skipped += ring_skip(&lane->ring);
			continue;
		}
		lane->merge_live = ring_next(&lane->ring, &lane->head);
		if (lane->merge_live)
			push(collector, lane);
		else if (bound_of(lane, bound) < until)
			until = bound_of(lane, bound);
	}
	return until;
}

/* Keeps the first lane's packets as long as they come before the others' and bound. */
static unsigned
take_run(struct capture_loop *collector, int64_t bound)
{
	struct ring_input *lane = collector->heap[0];
	unsigned taken = 0;

	for (size_t i = 1; i <= 2 && i < collector->merge_live; i++)
		if (collector->heap[i]->head.ts_ns < bound)
			bound = collector->heap[i]->head.ts_ns;
	do {
		output_keep(collector->outlet, lane->ledger, &lane->head);
		lane->merge_live = ring_next(&lane->ring, &lane->head);
		taken++;
	} while (lane->merge_live && lane->head.ts_ns < bound && taken < PACKETS_AT_ONCE);
	if (lane->merge_live)
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
collect(struct capture_loop *collector, const struct bound *bound)
{
	int64_t until = refill(collector, bound);
	unsigned taken = 0;

	while (collector->merge_live && taken < PACKETS_AT_ONCE) {
		struct ring_input *first = collector->heap[0];

		if (first->head.ts_ns > until && !ring_is_pressed(&first->ring))
			break;
		taken += take_run(collector, until);
		/* The lane at the end of its block may have another one. */
		if (!first->merge_live)
			until = refill(collector, bound);
	}
	if (taken || !collector->merge_live)
		collector->moved = clock_monotonic_ns();
	return taken < PACKETS_AT_ONCE;
}

/* Sleeps until a ring that had nothing has a block, or held packets have come of age. */
static void
wait_for_packets(struct capture_loop *collector)
{
	size_t count = 0;
	/* A lane whose packet waits would always poll readable. */
	for (size_t i = 0; i < collector->lane_count; i++)
		if (!collector->lanes[i].merge_live && !collector->lanes[i].ledger->core->full_ns)
			collector->waiting[count++] =
			    (struct pollfd){.fd = collector->lanes[i].ring.fd, .events = POLLIN};
	collector->waiting[count++] =
	    (struct pollfd){.fd = collector->control->stop_fd,
			    .events = collector->outlet->end_ns == INT64_MAX ? POLLIN : 0};
	if (poll(collector->waiting, count,
		 collector->merge_live ? (int)(collector->hold / (4 * MS)) : 100) <= 0)
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
is_over(struct capture_loop *collector, int64_t now)
{
	int64_t end_ns, end_mono;
	enum stop_reason reason = runstate_reason(collector->control, &end_ns, &end_mono);

	if (reason == STOP_NONE)
		return false;
	/* A clock that was set back would make old packets late ones. */
	if (runstate_clock_step(collector->control) == 0)
		collector->outlet->end_ns = end_ns;
	switch (reason) {
	case STOP_TIME:
	case STOP_SIGNAL:
	case STOP_LEASE:
	case STOP_INTERFACE: return now - end_mono > collector->hold;
	default: return true;
	}
}

static void
finish(struct capture_loop *collector)
{
	const int64_t end_ns = collector->outlet->end_ns;
	const struct bound bound = {end_ns, end_ns};

	/* Without a time that ends it (the clock was set), it could go on as long as traffic. */
	for (int rounds = 0; rounds < 256 && !collect(collector, &bound); rounds++)
		;
	for (size_t i = 0; i < collector->lane_count; i++) {
		struct ring_input *lane = &collector->lanes[i];

		lane->ledger->account.skipped += lane->merge_live + ring_skip(&lane->ring);
		lane->merge_live = false;
	}
	output_finish(collector->outlet);
}

void *
capture_loop_run(void *arg)
{
	struct capture_loop *collector = arg;
	int64_t now = clock_monotonic_ns();

	if (!runstate_wait_begin(collector->control))
		return NULL;
	collector->moved = now;
	while (!is_over(collector, now)) {
		/* Read before looking into the rings: what they hold later is younger. */
		int64_t wall = clock_realtime_ns();
		struct bound bound = {wall - collector->hold, wall - ARRIVAL};
		bool whole;

		/* A lone ring is in order by itself; and should the clock be set back, nothing
		 * would come of age for as long. */
		if (collector->lane_count == 1 || now - collector->moved > 4 * collector->hold)
			bound = (struct bound){INT64_MAX, INT64_MAX};
		whole = collect(collector, &bound);
		now = clock_monotonic_ns();
		if (whole)
			output_heartbeat(collector->outlet, now, wall - collector->hold);
		output_tend(collector->outlet, now);
		if (whole)
			wait_for_packets(collector);
		now = clock_monotonic_ns();
	}
	finish(collector);
	return NULL;
}
