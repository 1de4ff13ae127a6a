/*
 * One thread polls all inputs and reads whatever is ready into their buffers, so that a fast input
 * does not block while the merge waits for a slow one. The merge yields packets until its oldest
 * one is at the watermark; then the output is flushed and, if the watermark has advanced far
 * enough, a heartbeat is written, because a merge downstream cannot tell silence from delay either.
 * While packets are held back here the last one is repeated: what waits is not silent.
 *
 * Three things end a wait: an input brings something; an input that packets wait for has been
 * silent for stall_ns, counted from when it last brought something or packets began to wait,
 * whichever is later; or the buffer of an input is full. The buffers are what memory is bounded by:
 * when one is full the oldest packets are written early, since a stopped reader would stop the
 * capture.
 */
#include "merge/merge_live.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Heartbeats are this far apart, by the times of packets, and belong to this output interface. */
#define HEARTBEAT_STEP_NS   INT64_C(50000000)
#define HEARTBEAT_INTERFACE 0
/* How often one is repeated, by the clock: well within the time that a merge downstream waits. */
#define REPEAT_NS INT64_C(500000000)

/* How often is said at most what an input has dropped. */
#define DROPS_NS (5 * NS_PER_SECOND)

/* How many packets are written early when memory is full. */
#define EARLY_PACKETS 4096

struct merge_live_input {
	uint64_t offset;     /* bytes used when last looked at */
	int64_t progress_ns; /* monotonic clock: when the offset last changed */
	bool is_stalled;
	uint64_t dropped;   /* that were reported */
	int64_t dropped_ns; /* monotonic clock: when */
};

void
merge_live_release(struct merge_live *live)
{
	free(live->states);
	stream_control_release(&live->control);
	*live = MERGE_LIVE_INIT;
}

void
merge_live_watch(struct merge_live *live, const struct inputs *inputs, struct merge *merge)
{
	live->inputs = inputs;
	live->merge = merge;
	live->heartbeat_ns = INT64_MIN;
}

static void
report(const struct merge_live *live, size_t i, const char *what)
{
	const struct input_file *input = &live->inputs->list[i];
	struct failure line;

	failure_set(&line, "'%s' %s", input->engine ? input->engine : input->path, what);
	if (live->report)
		live->report(line.text);
}

/* Reports what has been dropped for the input since that was last done. */
static void
report_dropped(struct merge_live *live, size_t i, int64_t now_ns)
{
	struct merge_live_input *state = &live->states[i];
	const struct source *source = reader_source(live->inputs->list[i].file);
	uint64_t dropped = 0;
	char what[64];

	for (uint32_t k = 0; k < source->interface_count; k++)
		statistics_add(&dropped, statistics_lost(&source->interfaces[k].statistics));
	if (dropped <= state->dropped || (state->dropped && now_ns - state->dropped_ns < DROPS_NS))
		return;
	state->dropped = dropped;
	state->dropped_ns = now_ns;
	snprintf(what, sizeof(what), "has dropped %" PRIu64 " packets so far", dropped);
	report(live, i, what);
}

static void
update_progress(struct merge_live *live, size_t i, int64_t now_ns)
{
	struct merge_live_input *state = &live->states[i];
	const uint64_t offset = reader_offset(live->inputs->list[i].file);

	if (live->announces)
		report_dropped(live, i, now_ns);
	/* Nonsense holds nobody up. */
	if (offset == state->offset || reader_is_passing(live->inputs->list[i].file))
		return;
	if (state->offset == 0 && live->announces)
		report(live, i, "has begun");
	state->offset = offset;
	state->progress_ns = now_ns;
	if (state->is_stalled) {
		report(live, i, "is back");
		merge_wait_for(live->merge, i);
	}
	state->is_stalled = false;
}

/* Marks the inputs that have been silent for too long as stalled, and those that are back. Returns
 * the nanoseconds until another may be, or -1: none. */
static int64_t
update_stalled(struct merge_live *live, int64_t now_ns)
{
	int64_t next_ns = INT64_MAX;

	if (!merge_has_pending(live->merge))
		live->pending_since_ns = 0;
	else if (live->pending_since_ns == 0)
		live->pending_since_ns = now_ns;
	for (size_t i = 0; i < live->inputs->count; i++) {
		struct merge_live_input *state = &live->states[i];
		int64_t since_ns, left_ns;

		update_progress(live, i, now_ns);
		if (state->is_stalled || !live->pending_since_ns ||
		    !merge_waits_for(live->merge, i))
			continue;
		since_ns = state->progress_ns > live->pending_since_ns ? state->progress_ns
								       : live->pending_since_ns;
		left_ns = live->stall_ns - (now_ns - since_ns);
		if (reader_is_at_end(live->inputs->list[i].file)) {
			left_ns = 0;
		} else if (left_ns <= 0) {
			report(live, i, "is silent: going on without it");
			left_ns = 0;
		}
		if (left_ns == 0) {
			state->is_stalled = true;
			merge_stop_waiting_for(live->merge, i);
		}
		if (left_ns < next_ns)
			next_ns = left_ns;
	}
	return next_ns == INT64_MAX ? -1 : next_ns;
}

/* Whether nothing more is taken of the input, however much it still sends. */
static bool
is_cut(const struct merge_live *live, size_t i)
{
	return merge_outcome(live->merge, i)->is_cut;
}

/* Releases the oldest packets if the buffer of an input is full. Returns whether it was. */
static bool
release_if_full(struct merge_live *live)
{
	for (size_t i = 0; i < live->inputs->count; i++)
		if (reader_is_full(live->inputs->list[i].file) && !is_cut(live, i) &&
		    merge_has_pending(live->merge)) {
			if (!live->was_full)
				report(live, i, "has filled its memory: writing packets early");
			live->was_full = true;
			merge_release_early(live->merge, EARLY_PACKETS);
			return true;
		}
	return false;
}

static void
fill_readers(struct merge_live *live, const struct pollfd *pollers)
{
	for (size_t i = 0; i < live->inputs->count; i++)
		if (pollers[i].revents)
			reader_fill(live->inputs->list[i].file);
}

/* Waits until an input has something to read, or it is time to go on without one. */
static int
wait_for_inputs(struct merge_live *live, struct pollfd *pollers, struct failure *why)
{
	const size_t count = live->inputs->count;
	int64_t left_ns;
	struct timespec left;

	stream_control_proceed(&live->control, live->report);
	left_ns = update_stalled(live, clock_monotonic_ns());
	if (release_if_full(live))
		left_ns = 0;
	if (left_ns > REPEAT_NS)
		left_ns = REPEAT_NS;
	for (size_t i = 0; i < count; i++) {
		const struct reader *file = live->inputs->list[i].file;

		pollers[i] = (struct pollfd){-1, POLLIN, 0};
		if (reader_wants_more(file) && !is_cut(live, i))
			pollers[i].fd = reader_fd(file);
	}
	pollers[count] = (struct pollfd){live->out, 0, 0};
	pollers[count + 1] = (struct pollfd){live->control.fd, POLLIN, 0};
	left = (struct timespec){left_ns / NS_PER_SECOND, left_ns % NS_PER_SECOND};
	if (ppoll(pollers, count + 2, left_ns < 0 ? NULL : &left, NULL) < 0)
		return errno == EINTR ? 0 : failure_errno(why, "cannot wait for the inputs");
	live->has_lost_reader = pollers[count].revents & POLLERR;
	if (pollers[count].revents & (POLLERR | POLLNVAL))
		return failure_set(why, "the capture has lost its reader");
	fill_readers(live, pollers);
	return pollers[count + 1].revents ? stream_control_receive(&live->control, why) : 0;
}

/* Whether a heartbeat is due: the watermark has advanced by a step, or packets are held back for some time. */
static bool
is_due(const struct merge_live *live, int64_t watermark_ns)
{
	if (live->heartbeat_ns == INT64_MIN ||
	    watermark_ns >= live->heartbeat_ns + HEARTBEAT_STEP_NS)
		return true;
	return merge_has_pending(live->merge) &&
	       clock_monotonic_ns() - live->written_ns >= REPEAT_NS;
}

/* Writes a heartbeat if one is due. */
static int
write_heartbeat(struct merge_live *live, const struct source *source, struct writer *writer,
		struct failure *why)
{
	const int64_t watermark_ns = merge_watermark(live->merge);
	struct statistics heartbeat = STATISTICS_INIT;

	if (source->interface_count == 0 || watermark_ns == INT64_MAX || watermark_ns < 0)
		return 0;
	if (!is_due(live, watermark_ns))
		return 0;
	if (watermark_ns > live->heartbeat_ns)
		live->heartbeat_ns = watermark_ns;
	live->written_ns = clock_monotonic_ns();
	heartbeat.ts_ns = live->heartbeat_ns;
	return writer_statistics(writer, HEARTBEAT_INTERFACE, &heartbeat, NULL, why);
}

int
merge_live_end_mark(const struct merge_live *live, struct writer *writer, uint32_t id,
		    struct failure *why)
{
	struct statistics end = STATISTICS_INIT;

	if (id != HEARTBEAT_INTERFACE || live->heartbeat_ns == INT64_MIN)
		return 0;
	end.ts_ns = end.end_ns = live->heartbeat_ns;
	return writer_statistics(writer, id, &end, NULL, why);
}

/* Writes the next event of the source, or waits for it. 1, or 0 at the end. */
static int
copy_event(struct merge_live *live, struct source *source, struct writer *writer,
	   struct pollfd *pollers, struct failure *why)
{
	struct packet packet;
	enum source_event event = source->next(source, &packet, why);

	if (event == SOURCE_CUT || writer_interfaces(writer, source, why) < 0)
		return -1;
	switch (event) {
	case SOURCE_PACKET: return writer_packet(writer, packet.iface, &packet, why) < 0 ? -1 : 1;
	case SOURCE_NOTE:
		return writer_raw(writer, source->note.type, source->note.body, source->note.size,
				  why) < 0
			   ? -1
			   : 1;
	case SOURCE_LATER:
		if (write_heartbeat(live, source, writer, why) < 0 ||
		    writer_flush(writer, why) < 0 || wait_for_inputs(live, pollers, why) < 0)
			return -1;
		return 1;
	case SOURCE_END: return 0;
	default: return 1;
	}
}

int
merge_live_copy(struct merge_live *live, struct source *source, struct writer *writer,
		struct failure *why)
{
	struct pollfd *pollers = calloc(live->inputs->count + 2, sizeof(*pollers));
	int rc = -1;

	live->states = calloc(live->inputs->count + 1, sizeof(*live->states));
	for (size_t i = 0; live->announces && i < live->inputs->count; i++)
		report(live, i, "is waited for");
	if (!pollers || !live->states)
		failure_nomem(why);
	else if (stream_control_watch(&live->control, live->inputs, live->merge, why) == 0)
		while ((rc = copy_event(live, source, writer, pollers, why)) > 0)
			;
	stream_control_end(&live->control);
	free(pollers);
	return rc;
}
