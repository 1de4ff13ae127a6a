/*
 * A bucket sort: about as many buckets as packets, each for an equal part of the time span, a power
 * of two so that the bucket is a shift away. With evenly spread times a bucket holds about one
 * packet, and an insertion sort over the whole finishes in linear time. Buckets that are too full,
 * because times are not spread evenly, are sorted by merging first, so the worst case is that of a
 * merge sort.
 */
#include "packet/batch.h"

#include <stdlib.h>
#include <string.h>

/* Buckets with more are sorted by merging. */
#define BUCKET_MAX 16

void
batch_release(struct batch *batch)
{
	free(batch->slots);
	free(batch->spare);
	free(batch->buckets);
	*batch = BATCH_INIT;
}

/* Returns a list with room for `wanted` elements: the same, or a new one without the contents.
 * NULL: out of memory, and the list is freed. */
static void *
replace_list(void *list, size_t *room, size_t wanted, size_t size)
{
	if (wanted <= *room)
		return list;
	free(list);
	list = malloc(2 * wanted * size);
	*room = list ? 2 * wanted : 0;
	return list;
}

int
batch_reserve(struct batch *batch, size_t room)
{
	batch->count = batch->taken = 0;
	batch->slots = replace_list(batch->slots, &batch->room, room, sizeof(*batch->slots));
	return batch->slots || room == 0 ? 0 : -1;
}

static inline bool
is_before(const struct batch_slot *a, const struct batch_slot *b)
{
	if (__builtin_expect(a->ts_ns != b->ts_ns, 1))
		return a->ts_ns < b->ts_ns;
	return a->rank != b->rank ? a->rank < b->rank : a->packet->core < b->packet->core;
}

/* For few slots, or many that are nearly sorted. */
static void
insertion_sort(struct batch_slot *slots, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct batch_slot slot;
		size_t at = i;

		if (__builtin_expect(!is_before(&slots[i], &slots[i - 1]), 1))
			continue;
		slot = slots[i];
		do
			slots[at] = slots[at - 1];
		while (--at > 0 && is_before(&slot, &slots[at - 1]));
		slots[at] = slot;
	}
}

/* spare has room for half of the slots. */
static void
merge_sort(struct batch_slot *slots, size_t count, struct batch_slot *spare)
{
	const size_t half = count / 2;
	size_t a = 0, b = half, to = 0;

	if (count <= BUCKET_MAX) {
		insertion_sort(slots, count);
		return;
	}
	merge_sort(slots, half, spare);
	merge_sort(slots + half, count - half, spare);
	if (!is_before(&slots[half], &slots[half - 1]))
		return;
	memcpy(spare, slots, half * sizeof(*slots));
	while (a < half)
		slots[to++] =
		    b < count && is_before(&slots[b], &spare[a]) ? slots[b++] : spare[a++];
}

static inline size_t
bucket_of(const struct batch_slot *slot, int64_t from_ns, unsigned shift)
{
	return (size_t)(((uint64_t)slot->ts_ns - (uint64_t)from_ns) >> shift);
}

/* Distributes the slots over buckets in the spare list, which becomes the list of slots. Afterwards
 * buckets[b] is where bucket b ends. */
static void
distribute(struct batch *batch, int64_t from_ns, unsigned shift, size_t bucket_count)
{
	struct batch_slot *slots = batch->slots, *spare = batch->spare;
	const size_t room = batch->room;
	uint32_t *buckets = batch->buckets, sum = 0;

	memset(buckets, 0, bucket_count * sizeof(*buckets));
	for (size_t i = 0; i < batch->count; i++)
		buckets[bucket_of(&slots[i], from_ns, shift)]++;
	for (size_t b = 0; b < bucket_count; b++) {
		const uint32_t count = buckets[b];

		buckets[b] = sum;
		sum += count;
	}
	for (size_t i = 0; i < batch->count; i++)
		spare[buckets[bucket_of(&slots[i], from_ns, shift)]++] = slots[i];
	batch->slots = spare;
	batch->room = batch->spare_room;
	batch->spare = slots;
	batch->spare_room = room;
}

int
batch_sort(struct batch *batch, int64_t from_ns, int64_t before_ns)
{
	const uint64_t span = (uint64_t)before_ns - (uint64_t)from_ns;
	const size_t count = batch->count;
	size_t bucket_count, start = 0;
	unsigned shift = 0;

	if (count < 2)
		return 0;
	while (span >> shift >= 2 * count)
		shift++;
	bucket_count = (size_t)(span >> shift) + 1;
	batch->buckets = replace_list(batch->buckets, &batch->bucket_room, bucket_count,
				      sizeof(*batch->buckets));
	batch->spare = replace_list(batch->spare, &batch->spare_room, count, sizeof(*batch->spare));
	if (!batch->buckets || !batch->spare)
		return -1;
	distribute(batch, from_ns, shift, bucket_count);
	for (size_t b = 0; b < bucket_count; start = batch->buckets[b++])
		if (batch->buckets[b] - start > BUCKET_MAX)
			merge_sort(batch->slots + start, batch->buckets[b] - start, batch->spare);
	insertion_sort(batch->slots, count);
	return 0;
}

size_t
batch_take(struct batch *batch, struct packet *list, size_t room)
{
	size_t count = 0;

	while (count < room && batch->taken < batch->count)
		list[count++] = *batch->slots[batch->taken++].packet;
	return count;
}

size_t
batch_first_tie(const struct batch *batch)
{
	for (size_t i = 1; i < batch->count; i++) {
		const struct batch_slot *a = &batch->slots[i - 1], *b = &batch->slots[i];

		if (__builtin_expect(a->ts_ns == b->ts_ns, 0) && a->rank == b->rank &&
		    a->packet->core == b->packet->core && a->input != b->input)
			return i - 1;
	}
	return batch->count;
}
