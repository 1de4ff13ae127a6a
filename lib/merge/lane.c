#include "merge/lane.h"

#include "base/hugepage.h"

#include <stdlib.h>

int
lane_open(struct lane *lane, enum lane_kind kind, const struct inputs *inputs)
{
	const size_t count = inputs->count, chunk = inputs_chunk(inputs);

	*lane = (struct lane){.kind = kind, .count = count, .batch = BATCH_INIT};
	lane->readers = calloc(count, sizeof(struct reader *));
	lane->first = calloc(count, sizeof(*lane->first));
	lane->goes_on = calloc(count, sizeof(*lane->goes_on));
	if (kind == LANE_PART)
		lane->memory = hugepage_new(count * 2 * chunk);
	if (!lane->readers || !lane->first || !lane->goes_on ||
	    (kind == LANE_PART && !lane->memory))
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct reader *file = inputs->list[i].file;

		if (kind == LANE_WHOLE) {
			lane->readers[i] = file;
			continue;
		}
		lane->readers[i] = reader_open_again(file, &lane->why);
		if (!lane->readers[i])
			return -1;
		reader_use_memory(lane->readers[i], lane->memory + i * 2 * chunk, chunk);
	}
	return 0;
}

void
lane_release(struct lane *lane)
{
	if (lane->kind == LANE_PART) {
		for (size_t i = 0; lane->readers && i < lane->count; i++)
			reader_close(lane->readers[i]);
		merge_free(lane->merge);
		writer_free(lane->writer);
	}
	batch_release(&lane->batch);
	free(lane->readers);
	free(lane->first);
	free(lane->goes_on);
	free(lane->memory);
	*lane = (struct lane){0};
}

static uint64_t
count_irregularities(const struct lane *lane)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < lane->count; i++)
		sum += reader_irregularities(lane->readers[i]);
	return sum;
}

bool
lane_is_regular(const struct lane *lane)
{
	return count_irregularities(lane) == lane->irregularities;
}

void
lane_begin_whole(struct lane *whole, struct merge *merge, struct writer *writer)
{
	whole->merge = merge;
	whole->writer = writer;
	whole->irregularities = count_irregularities(whole);
}

int
lane_begin_part(struct lane *lane, const struct lane *whole, size_t room)
{
	struct failure *why = &lane->why;

	lane->merge = merge_new(why);
	lane->writer = writer_new_part(whole->writer, room, why);
	if (!lane->merge || !lane->writer)
		return -1;
	merge_mix_linktypes(lane->merge);
	for (size_t i = 0; i < lane->count; i++) {
		struct merge_input input = *merge_input(whole->merge, i);

		if (reader_begin(lane->readers[i], why) < 0)
			return -1;
		input.source = reader_source(lane->readers[i]);
		if (!input.source->revisit || merge_add(lane->merge, &input, why) < 0)
			return -1;
	}
	if (merge_start(lane->merge, why) < 0)
		return -1;
	lane->irregularities = count_irregularities(lane);
	return lane->irregularities == whole->irregularities &&
		       merge_source(lane->merge)->interface_count ==
			   merge_source(whole->merge)->interface_count
		   ? 0
		   : -1;
}

void
lane_find_places(const struct lane *lane, struct lane_place *places)
{
	for (size_t i = 0; i < lane->count; i++) {
		const struct packet *head = merge_head(lane->merge, i);

		places[i] = (struct lane_place){0};
		if (head)
			places[i] =
			    (struct lane_place){.has_packet = true,
						.offset = reader_place(lane->readers[i], head),
						.ts_ns = head->ts_ns,
						.iface = head->iface,
						.caplen = head->caplen,
						.len = head->len};
	}
}

bool
lane_is_same(const struct lane *lane, const struct lane_place *a, const struct lane_place *b)
{
	for (size_t i = 0; i < lane->count; i++)
		if (a[i].has_packet != b[i].has_packet || a[i].offset != b[i].offset ||
		    a[i].ts_ns != b[i].ts_ns || a[i].iface != b[i].iface ||
		    a[i].caplen != b[i].caplen || a[i].len != b[i].len)
			return false;
	return true;
}

int
lane_move(struct lane *lane, const struct lane_place *places)
{
	for (size_t i = 0; i < lane->count; i++) {
		lane->goes_on[i] = places[i].has_packet;
		if (places[i].has_packet)
			reader_seek(lane->readers[i], places[i].offset);
	}
	return merge_restart(lane->merge, lane->goes_on, &lane->why);
}

int
lane_copy(struct lane *lane, int64_t until_ns, size_t most, struct threadpool *pool)
{
	struct source *from = merge_source(lane->merge);
	struct failure *why = &lane->why;
	int more = 1;

	merge_until(lane->merge, until_ns);
	while (more > 0) {
		const size_t count = merge_batch(lane->merge, &lane->batch);

		if (count == 0)
			more = writer_copy_next(lane->writer, from, why);
		else if (writer_interfaces(lane->writer, from, why) < 0 ||
			 writer_batch(lane->writer, &lane->batch, why) < 0)
			more = -1;
		if (count)
			threadpool_progress(pool, count);
		if (more > 0 && writer_buffered(lane->writer) > most)
			more = failure_set(why, "a slice of more than %zu bytes", most);
	}
	return more;
}
