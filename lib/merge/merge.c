/*
 * A k-way merge. Each input has a head, its next packet, and a heap has the inputs by their heads:
 * take the top, advance that input, let it sink. A packet that next() yields is not copied: it
 * stays in the buffer of its source, and its input advances only at the following call.
 *
 * Inputs are nearly always in order, and often there are many. So merge_batch bypasses the heap
 * where it can: the lookahead reads ahead of the inputs and sorts what is certainly next, hundreds
 * of packets at a time (lookahead.c says how). Ties that only the contents can decide, notes,
 * statistics and ends of inputs are left to next().
 *
 * Interfaces that are known before the first packet are sorted by name, so that the output does not
 * depend on the order of the inputs. merge(a, b) = merge(b, a), and merging in steps gives the same
 * packets: every tie is decided by engine, core or contents.
 *
 * Live, an input may have nothing to read although it has not ended. It leaves the heap then and
 * waits. Its watermark, the time of its newest packet or heartbeat, bounds what it may still bring;
 * the minimum over all waiting inputs is the watermark of the merge, and only packets older than
 * that are handed out. A stalled input does not count: what it brings later may be late. There are
 * no batches: packets come in small numbers, and the heap handles those.
 */
#include "merge/merge.h"

#include "base/array.h"
#include "merge/merge-int.h"

#include <stdlib.h>
#include <string.h>

static enum source_event merge_next(struct source *, struct packet *, struct failure *);

/* more() of struct source */
static size_t
merge_more(struct source *source, struct packet *list, size_t room)
{
	struct merge *merge = (struct merge *)source;

	if (merge->batch.taken == merge->batch.count)
		merge_batch(merge, &merge->batch);
	return batch_take(&merge->batch, list, room);
}

struct merge *
merge_new(struct failure *why)
{
	struct merge *merge = calloc(1, sizeof(*merge));

	if (!merge) {
		failure_nomem(why);
		return NULL;
	}
	merge->source.next = merge_next;
	merge->source.more = merge_more;
	merge->watermark_ns = merge->until_ns = INT64_MAX;
	merge->newest_ns = INT64_MIN;
	return merge;
}

void
merge_free(struct merge *merge)
{
	if (!merge)
		return;
	for (size_t i = 0; i < merge->input_count; i++)
		input_release(&merge->inputs[i]);
	interfaces_release(&merge->interfaces);
	free(merge->inputs);
	inputheap_release(&merge->heap);
	lookahead_release(&merge->lookahead);
	batch_release(&merge->batch);
	free(merge->waiting);
	free(merge);
}

int
merge_add(struct merge *merge, const struct merge_input *input, struct failure *why)
{
	if (array_grow(&merge->inputs, merge->input_count, sizeof(*merge->inputs)) < 0)
		return failure_nomem(why);
	input_init(&merge->inputs[merge->input_count], input, merge->input_count);
	merge->input_count++;
	return 0;
}

int
merge_offset(struct merge *merge, const char *engine, int64_t offset_ns, struct failure *why)
{
	return engine_clocks_set(&merge->interfaces.clocks, engine, offset_ns) < 0
		   ? failure_nomem(why)
		   : 0;
}

void
merge_mix_linktypes(struct merge *merge)
{
	merge->interfaces.mixes_linktypes = true;
}

void
merge_sort_inputs(struct merge *merge)
{
	merge->sorts_inputs = true;
}

void
merge_stop_at_disorder(struct merge *merge)
{
	merge->stops_at_disorder = true;
}

void
merge_set_threadpool(struct merge *merge, struct threadpool *pool)
{
	merge->lookahead.pool = pool;
}

void
merge_set_live(struct merge *merge)
{
	merge->interfaces.is_live = true;
}

bool
merge_is_disordered(const struct merge *merge)
{
	for (size_t i = 0; i < merge->input_count; i++)
		if (merge->inputs[i].is_disordered && !merge->inputs[i].index)
			return true;
	return false;
}

/* The list of interfaces may have moved. */
static void
show_interfaces(struct merge *merge)
{
	merge->source.interfaces = merge->interfaces.list;
	merge->source.interface_count = merge->interfaces.count;
}

static void
lower_watermark(struct merge *merge, const struct input *input)
{
	if (!input->is_stalled && input->watermark_ns < merge->watermark_ns)
		merge->watermark_ns = input->watermark_ns;
}

int
merge_advance(struct merge *merge, struct input *input)
{
	int more = input_advance(input, &merge->interfaces, &merge->why);

	input->has_ended = more == INPUT_END;
	show_interfaces(merge);
	if (__builtin_expect(more == INPUT_LATER, 0)) {
		merge->waiting[merge->waiting_count++] = (uint32_t)input->number;
		lower_watermark(merge, input);
		return 0;
	}
	if (__builtin_expect(input->is_disordered, 0) && merge->stops_at_disorder && !input->index)
		return failure_set(&merge->why, "'%s' is not in order", input->from.name);
	return more;
}

/* Advances the input whose head was handed out. */
static int
advance_top(struct merge *merge)
{
	int more;

	merge->top_is_consumed = false;
	if (inputheap_consume(&merge->heap) < 0)
		return failure_nomem(&merge->why);
	more = merge_advance(merge, &merge->inputs[inputheap_top(&merge->heap)]);
	if (more < 0)
		return -1;
	inputheap_advanced(&merge->heap, more > 0);
	return 0;
}

static int
finish_interfaces(struct merge *merge)
{
	if (merge->has_ended)
		return 0;
	for (size_t i = 0; i < merge->input_count; i++)
		input_finish(&merge->inputs[i], &merge->interfaces);
	if (interfaces_finish(&merge->interfaces) < 0)
		return failure_nomem(&merge->why);
	show_interfaces(merge);
	merge->has_ended = true;
	return 0;
}

/* Reads the waiting inputs again. */
static int
advance_waiting(struct merge *merge)
{
	const size_t count = merge->waiting_count;

	merge->asks_waiting = false;
	merge->waiting_count = 0;
	merge->watermark_ns = INT64_MAX;
	for (size_t i = 0; i < count; i++) {
		/* merge_advance() appends those that go on waiting: never more than have been read. */
		const uint32_t id = merge->waiting[i];
		int more = merge_advance(merge, &merge->inputs[id]);

		if (more < 0)
			return -1;
		if (more > 0)
			inputheap_push(&merge->heap, id);
	}
	return 0;
}

/* Whether a waiting input might still bring something older than the oldest head. */
static bool
has_to_wait(struct merge *merge)
{
	if (merge->heap.duplicate_count || merge->waiting_count == 0)
		return false;
	if (merge->heap.count == 0)
		return true;
	if (merge->heap.entries[0].ts_ns < merge->watermark_ns)
		return false;
	if (merge->release_count == 0)
		return true;
	merge->release_count--;
	merge->released_early++;
	return false;
}

/* Live: what is older than a packet handed out before is late. */
static void
count_late(struct merge *merge, struct input *input)
{
	if (input->packet.ts_ns < merge->newest_ns)
		input->outcome.late++;
	else
		merge->newest_ns = input->packet.ts_ns;
}

static enum source_event
merge_next(struct source *source, struct packet *packet, struct failure *why)
{
	struct merge *merge = (struct merge *)source;
	struct input *input;
	int rc = merge->why.text[0] ? -1 : 0;

	if (rc == 0 && merge->top_is_consumed)
		rc = advance_top(merge);
	if (rc == 0 && merge->asks_waiting)
		rc = advance_waiting(merge);
	if (rc == 0 && __builtin_expect(merge->waiting_count > 0, 0) && has_to_wait(merge)) {
		merge->asks_waiting = true;
		return SOURCE_LATER;
	}
	if (rc == 0 && inputheap_is_empty(&merge->heap)) {
		rc = finish_interfaces(merge);
		if (rc == 0)
			return SOURCE_END;
	}
	if (rc < 0) {
		if (why)
			*why = merge->why;
		return SOURCE_CUT;
	}
	if (merge_is_at_bound(merge))
		return SOURCE_LATER;
	input = &merge->inputs[inputheap_top(&merge->heap)];
	merge->top_is_consumed = true;
	if (input->is_note) {
		source->note = input->from.source->note;
		return SOURCE_NOTE;
	}
	if (__builtin_expect(merge->interfaces.is_live, 0))
		count_late(merge, input);
	*packet = input->packet;
	return SOURCE_PACKET;
}

size_t
merge_batch(struct merge *merge, struct batch *batch)
{
	batch->count = batch->taken = 0;
	if (merge->why.text[0] || merge->interfaces.is_live || merge->has_ended ||
	    lookahead_skips(&merge->lookahead))
		return 0;
	if (merge->top_is_consumed && advance_top(merge) < 0)
		return 0;
	if (merge->heap.duplicate_count || merge->heap.count == 0 || merge_is_at_bound(merge))
		return 0;
	merge->lookahead.until_ns = merge->until_ns;
	if (lookahead_batch(&merge->lookahead, &merge->heap, &merge->interfaces, batch) < 0)
		failure_nomem(&merge->why);
	return batch->count;
}

/* Sorts the interfaces known so far, and renumbers them in all inputs. */
static int
sort_interfaces(struct merge *merge)
{
	uint32_t *place = malloc((merge->interfaces.count + 1) * sizeof(*place));
	int rc = place ? interfaces_sort(&merge->interfaces, place) : -1;

	for (size_t i = 0; rc == 0 && i < merge->input_count; i++)
		input_renumber(&merge->inputs[i], place);
	free(place);
	return rc;
}

/* Reads the first head of each input; has_head[i] is whether input i has one. Live, none is read
 * yet: all wait. */
static int
read_first_heads(struct merge *merge, bool *has_head)
{
	for (size_t i = 0; i < merge->input_count; i++) {
		struct input *input = &merge->inputs[i];
		int more = 0;

		if (merge->interfaces.is_live) {
			merge->waiting[merge->waiting_count++] = (uint32_t)i;
			merge->asks_waiting = true;
			continue;
		}
		if (merge->sorts_inputs && input_sort(input, &merge->interfaces, &merge->why) < 0)
			return -1;
		more = merge_advance(merge, input);
		if (more < 0)
			return -1;
		has_head[i] = more > 0;
	}
	return 0;
}

int
merge_start(struct merge *merge, struct failure *why)
{
	bool *has_head = calloc(merge->input_count + 1, sizeof(*has_head));
	int rc = 0;

	merge->waiting = calloc(merge->input_count + 1, sizeof(*merge->waiting));
	if (!has_head || !merge->waiting ||
	    inputheap_init(&merge->heap, &merge->interfaces, merge->inputs, merge->input_count) <
		0 ||
	    (!merge->interfaces.is_live &&
	     lookahead_init(&merge->lookahead, merge->inputs, merge->input_count) < 0))
		rc = failure_nomem(why);
	if (rc == 0 && read_first_heads(merge, has_head) < 0) {
		*why = merge->why;
		rc = -1;
	}
	if (rc == 0 && sort_interfaces(merge) < 0)
		rc = failure_nomem(why);
	for (size_t i = 0; rc == 0 && i < merge->input_count; i++)
		if (has_head[i])
			inputheap_push(&merge->heap, (uint32_t)i);
	free(has_head);
	return rc;
}

struct source *
merge_source(struct merge *merge)
{
	return &merge->source;
}

const struct merge_outcome *
merge_outcome(const struct merge *merge, size_t input)
{
	return &merge->inputs[input].outcome;
}

int64_t
merge_reached(const struct merge *merge, size_t input)
{
	const struct input *from = &merge->inputs[input];
	int64_t reached = from->watermark_ns;

	for (uint32_t i = 0; i < from->map_count; i++)
		if (from->map[i].newest_ns > reached)
			reached = from->map[i].newest_ns;
	return reached;
}

bool
merge_has_engine(const struct merge *merge, const char *engine)
{
	for (size_t i = 0; i < merge->interfaces.capture_count; i++) {
		const struct capture_interface *capture = &merge->interfaces.captures[i];

		if (strcmp(capture->engine, engine) == 0 ||
		    (capture->via && strcmp(capture->via, engine) == 0))
			return true;
	}
	return false;
}

bool
merge_has_interface(struct merge *merge, size_t number, const char *name)
{
	const uint32_t capture = interfaces_find_capture(&merge->interfaces, name);

	return capture != NO_CAPTURE &&
	       input_brings(&merge->inputs[number], &merge->interfaces, capture);
}

bool
merge_waits_for(const struct merge *merge, size_t input)
{
	for (size_t i = 0; i < merge->waiting_count; i++)
		if (merge->waiting[i] == input)
			return true;
	return false;
}

bool
merge_has_pending(const struct merge *merge)
{
	return merge->heap.count > 0;
}

static void
set_stalled(struct merge *merge, size_t input, bool is_stalled)
{
	merge->inputs[input].is_stalled = is_stalled;
	merge->watermark_ns = INT64_MAX;
	for (size_t i = 0; i < merge->waiting_count; i++)
		lower_watermark(merge, &merge->inputs[merge->waiting[i]]);
}

void
merge_stop_waiting_for(struct merge *merge, size_t input)
{
	set_stalled(merge, input, true);
}

void
merge_wait_for(struct merge *merge, size_t input)
{
	set_stalled(merge, input, false);
}

int
merge_change_offset(struct merge *merge, const char *engine, int64_t offset_ns,
		    enum engine_clocks_change how)
{
	return engine_clocks_change(&merge->interfaces.clocks, engine, offset_ns, how);
}

void
merge_begin_outage(struct merge *merge, size_t input)
{
	outage_begin(&merge->inputs[input].outage, merge_reached(merge, input));
}

const struct outage *
merge_outage(const struct merge *merge, size_t input)
{
	return &merge->inputs[input].outage;
}

void
merge_release_early(struct merge *merge, uint64_t packets)
{
	merge->release_count = packets;
}

uint64_t
merge_released_early(const struct merge *merge)
{
	return merge->released_early;
}

int64_t
merge_watermark(const struct merge *merge)
{
	return merge->watermark_ns;
}
