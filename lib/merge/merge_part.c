/*
 * A merge of a part of the time: it begins where its sources have been moved to, and ends before the first packet of
 * its bound. Packets of one time are all on the same side of it.
 */
#include "merge/merge.h"

#include "merge/merge-int.h"

bool
merge_can_restart(const struct merge *merge)
{
	for (size_t i = 0; i < merge->input_count; i++)
		if (merge->inputs[i].index)
			return false;
	return true;
}

void
merge_until(struct merge *merge, int64_t until_ns)
{
	merge->until_ns = until_ns;
}

/* Has what is noted of the packets of an input so far outlast forget(). */
static void
keep(struct input *input)
{
	for (uint32_t i = 0; i < input->map_count; i++)
		input->map[i].kept_ns = input->map[i].newest_ns;
	input->kept_watermark_ns = input->watermark_ns;
	input->kept_beyond = input->outcome.beyond;
}

static void
forget(struct input *input)
{
	for (uint32_t i = 0; i < input->map_count; i++)
		input->map[i].newest_ns = input->map[i].kept_ns;
	input->watermark_ns = input->kept_watermark_ns;
	input->outcome.beyond = input->kept_beyond;
}

void
merge_forget(struct merge *merge)
{
	for (size_t i = 0; i < merge->input_count; i++)
		forget(&merge->inputs[i]);
}

int
merge_restart(struct merge *merge, const bool *goes_on, struct failure *why)
{
	merge->heap.count = merge->heap.duplicate_count = 0;
	merge->top_is_consumed = false;
	merge->lookahead.skip = merge->lookahead.next_skip = 0;
	merge->lookahead.visit_count = 0;
	for (size_t i = 0; i < merge->input_count; i++) {
		struct input *input = &merge->inputs[i];
		int more = 0;

		keep(input);
		input_restart(input);
		input->has_ended = !goes_on[i];
		if (goes_on[i])
			more = merge_advance(merge, input);
		if (more < 0) {
			*why = merge->why;
			return -1;
		}
		if (more > 0)
			inputheap_push(&merge->heap, (uint32_t)i);
	}
	return 0;
}

const struct packet *
merge_head(const struct merge *merge, size_t input)
{
	const struct input *of = &merge->inputs[input];

	return of->has_ended || of->is_note ? NULL : &of->packet;
}

bool
merge_is_plain(const struct merge *merge)
{
	bool is_plain = merge->why.text[0] == '\0';

	for (size_t i = 0; i < merge->input_count; i++)
		is_plain = is_plain && merge->inputs[i].is_plain && !merge->inputs[i].is_disordered;
	return is_plain;
}

const struct merge_input *
merge_input(const struct merge *merge, size_t input)
{
	return &merge->inputs[input].from;
}

void
merge_take_over(struct merge *merge, struct merge *part)
{
	for (size_t i = 0; i < merge->input_count; i++) {
		struct input *to = &merge->inputs[i], *from = &part->inputs[i];

		for (uint32_t k = 0; k < to->map_count && k < from->map_count; k++)
			if (from->map[k].newest_ns > to->map[k].newest_ns)
				to->map[k].newest_ns = from->map[k].newest_ns;
		to->outcome.beyond += from->outcome.beyond;
		from->outcome.beyond = 0;
	}
}
