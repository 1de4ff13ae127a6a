/*
 * Taking one head at a time costs a few comparisons in the heap and a call for each packet. With
 * hundreds of inputs that is most of the time of a merge. A batch does better: read some packets
 * ahead of every input that matters, take all of them that are certainly older than anything still
 * unread, and sort those together (batch.c), at a cost that hardly depends on the number of inputs.
 *
 * The horizon says what is certain. Of each input that was read ahead, the last packet known is a
 * lower bound for what follows; the minimum over all inputs is the horizon, and every packet older
 * than it is known. Inputs whose head is not older have nothing to contribute and need not be
 * visited: so the heap is walked from the top and a subtree is left out as soon as its root is
 * beyond the horizon, which sinks while walking. If the inputs lie one after the other in time,
 * only one or two are visited.
 *
 * Packets of two inputs that are equal by time, engine and core must be compared by their contents,
 * which batches do not: the batch ends before the first such pair, and the heap goes on from there.
 *
 * All of this pays only if batches are long. The depth is halved when most of what was read ahead
 * lay beyond the horizon, and doubled otherwise; after a short batch, up to SKIP_MAX calls do
 * without one.
 */
#include "merge/lookahead.h"

#include "base/hugepage.h"

#include <stdlib.h>

/* The length that batches are to have if inputs are alike, and the least depth for one input. */
#define BATCH_LENGTH 1024
#define DEPTH_MIN    32

/* A batch shorter than this does not pay; how many are skipped then, at most. */
#define BATCH_SHORT 16
#define SKIP_MAX    63

#define PREFETCH    4 /* inputs ahead */

struct lookahead_visit {
	uint32_t place; /* in the heap */
	uint32_t count;
};

int
lookahead_init(struct lookahead *lookahead, struct input *inputs, size_t count)
{
	const size_t each = count ? BATCH_LENGTH / count : BATCH_LENGTH;

	*lookahead = (struct lookahead){.pool = lookahead->pool, .until_ns = INT64_MAX};
	lookahead->depth_max = each < DEPTH_MIN ? DEPTH_MIN : (uint32_t)each;
	lookahead->depth = lookahead->depth_max;
	lookahead->visits = calloc(count + 1, sizeof(*lookahead->visits));
	lookahead->ahead = hugepage_new((count + 1) * INPUT_ROOM(lookahead->depth_max) *
					sizeof(*lookahead->ahead));
	for (size_t i = 0; lookahead->ahead && i < count; i++)
		inputs[i].ahead = lookahead->ahead + i * INPUT_ROOM(lookahead->depth_max);
	return lookahead->visits && lookahead->ahead ? 0 : -1;
}

void
lookahead_release(struct lookahead *lookahead)
{
	free(lookahead->visits);
	free(lookahead->ahead);
	*lookahead = LOOKAHEAD_INIT;
}

bool
lookahead_skips(struct lookahead *lookahead)
{
	if (lookahead->skip == 0)
		return false;
	lookahead->skip--;
	return true;
}

/* Prefetches an input that is visited soon: they are visited in no order of memory. */
static inline void
prefetch(const struct inputheap *heap, size_t place)
{
	const char *input = (const char *)&heap->inputs[heap->entries[place].input];

	__builtin_prefetch(input);
	__builtin_prefetch(input + 64);
	__builtin_prefetch(input + 128);
}

static void
visit(struct lookahead *lookahead, const struct inputheap *heap, size_t place)
{
	if (place < heap->count && heap->entries[place].ts_ns < lookahead->horizon_ns)
		lookahead->visits[lookahead->visit_count++] =
		    (struct lookahead_visit){(uint32_t)place, 0};
}

/* Pieces that threads share, and how many inputs one is at most, which are read in a row. */
#define PIECES               8
#define INPUTS_PER_PIECE_MAX 32

struct reading {
	size_t inputs_per_piece;
	const struct lookahead *lookahead;
	const struct inputheap *heap;
	const struct interfaces *interfaces;
};

static void
read_piece(void *context, size_t piece)
{
	const struct reading *reading = context;
	const struct inputheap *heap = reading->heap;

	const size_t each = reading->inputs_per_piece;

	for (size_t i = piece * each; i < heap->count && i < (piece + 1) * each; i++)
		input_look_ahead(&heap->inputs[heap->entries[i].input], reading->interfaces,
				 reading->lookahead->depth);
}

/* Has threads read ahead of all inputs, if at least half of them were visited the last time. */
static void
read_together(const struct lookahead *lookahead, const struct inputheap *heap,
	      const struct interfaces *interfaces)
{
	size_t each = (heap->count + PIECES - 1) / PIECES;
	struct reading reading = {.lookahead = lookahead, .heap = heap, .interfaces = interfaces};

	if (!lookahead->pool || lookahead->visit_count < heap->count / 2)
		return;
	if (each > INPUTS_PER_PIECE_MAX)
		each = INPUTS_PER_PIECE_MAX;
	reading.inputs_per_piece = each;
	threadpool_work(lookahead->pool, read_piece, &reading, (heap->count + each - 1) / each);
}

/* Visits the inputs from the oldest head on, reads ahead of each and sets the horizon. Returns how
 * many packets were read ahead. */
static size_t
visit_inputs(struct lookahead *lookahead, const struct inputheap *heap,
	     const struct interfaces *interfaces)
{
	size_t available = 0;

	lookahead->visit_count = 0;
	lookahead->horizon_ns = lookahead->until_ns;
	visit(lookahead, heap, 0);
	for (size_t i = 0; i < lookahead->visit_count; i++) {
		const size_t place = lookahead->visits[i].place;
		struct input *input = &heap->inputs[heap->entries[place].input];
		int64_t last_ns;
		uint32_t count;

		if (i + PREFETCH < lookahead->visit_count)
			prefetch(heap, lookahead->visits[i + PREFETCH].place);
		if (input->packet.ts_ns >= lookahead->horizon_ns)
			continue;
		count = input_look_ahead(input, interfaces, lookahead->depth);
		last_ns = count ? input_packets(input)[count].ts_ns : input->packet.ts_ns;
		if (last_ns < lookahead->horizon_ns)
			lookahead->horizon_ns = last_ns;
		lookahead->visits[i].count = count;
		available += count;
		visit(lookahead, heap, 2 * place + 1);
		visit(lookahead, heap, 2 * place + 2);
	}
	return available;
}

/* Appends the packets of one input that are older than the horizon: the head and those after it,
 * but for the last. */
static uint32_t
take_packets(const struct lookahead *lookahead, const struct input *input, uint32_t available,
	     const struct interfaces *interfaces, struct batch *batch)
{
	const struct packet *packet = available ? input_packets(input) : NULL;
	struct batch_slot *slot = batch->slots + batch->count;
	uint32_t count = 0;

	for (; count < available && packet->ts_ns < lookahead->horizon_ns; count++, packet++)
		*slot++ = (struct batch_slot){.ts_ns = packet->ts_ns,
					      .packet = packet,
					      .rank = interfaces->keys[packet->iface].rank,
					      .input = (uint32_t)input->number};
	batch->count += count;
	return count;
}

/* Ends the batch before the slot at this place and all others of its time. */
static void
shorten(struct lookahead *lookahead, const struct inputheap *heap, struct batch *batch, size_t at)
{
	const int64_t horizon_ns = batch->slots[at].ts_ns;

	while (at > 0 && batch->slots[at - 1].ts_ns == horizon_ns)
		at--;
	batch->count = at;
	for (size_t i = 0; i < lookahead->visit_count; i++) {
		struct lookahead_visit *v = &lookahead->visits[i];
		const struct input *input = &heap->inputs[heap->entries[v->place].input];

		while (v->count && input_packets(input)[v->count - 1].ts_ns >= horizon_ns)
			v->count--;
	}
}

/* Adapts the depth, and the number of batches to skip, to how many packets came of those read. */
static void
adapt(struct lookahead *lookahead, size_t count, size_t available)
{
	if (count < BATCH_SHORT) {
		lookahead->skip = lookahead->next_skip;
		lookahead->next_skip =
		    lookahead->next_skip < SKIP_MAX ? 2 * lookahead->next_skip + 1 : SKIP_MAX;
	} else {
		lookahead->next_skip = 0;
	}
	if (count < available / 8 && lookahead->depth > 4)
		lookahead->depth /= 2;
	else if (lookahead->depth < lookahead->depth_max)
		lookahead->depth = 2 * lookahead->depth < lookahead->depth_max
				       ? 2 * lookahead->depth
				       : lookahead->depth_max;
}

int
lookahead_batch(struct lookahead *lookahead, struct inputheap *heap, struct interfaces *interfaces,
		struct batch *batch)
{
	const int64_t from_ns = heap->entries[0].ts_ns;
	size_t available, tie;

	if (interfaces_rank(interfaces) < 0)
		return -1;
	read_together(lookahead, heap, interfaces);
	available = visit_inputs(lookahead, heap, interfaces);
	if (available == 0) {
		adapt(lookahead, 0, 0);
		return 0;
	}
	if (batch_reserve(batch, available) < 0)
		return -1;
	for (size_t i = 0; i < lookahead->visit_count; i++) {
		struct lookahead_visit *v = &lookahead->visits[i];

		v->count = take_packets(lookahead, &heap->inputs[heap->entries[v->place].input],
					v->count, interfaces, batch);
	}
	if (batch_sort(batch, from_ns, lookahead->horizon_ns) < 0)
		return -1;
	tie = batch_first_tie(batch);
	if (tie < batch->count)
		shorten(lookahead, heap, batch, tie);
	for (size_t i = lookahead->visit_count; i-- > 0;) {
		const struct lookahead_visit *v = &lookahead->visits[i];

		if (v->count == 0)
			continue;
		input_hand_out(&heap->inputs[heap->entries[v->place].input], interfaces, v->count);
		inputheap_sift_down(heap, v->place);
	}
	adapt(lookahead, batch->count, available);
	return 0;
}
