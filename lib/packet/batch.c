/*
 * Packets are dealt out by time to about as many places as there are packets, each place a short
 * part of the time they span, and then only neighbours are out of order. Where many share a place,
 * because their times are not spread evenly, those are merged.
 */
#include "packet/batch.h"

#include <stdlib.h>
#include <string.h>

/* More than this at one place are merged. */
#define CROWD 16

void
batch_release(struct batch *stretch)
{
	free(stretch->slots);
	free(stretch->spare);
	free(stretch->places);
	*stretch = BATCH_INIT;
}

/* Makes room for elements of this size in place of a list, whose contents are lost. Without memory
 * there is none, and NULL. */
static void *
renew(void *list, size_t *room, size_t wanted, size_t size)
{
	if (wanted <= *room)
		return list;
	free(list);
	list = malloc(2 * wanted * size);
	*room = list ? 2 * wanted : 0;
	return list;
}

int
batch_reserve(struct batch *stretch, size_t room)
{
	stretch->count = 0;
	stretch->slots = renew(stretch->slots, &stretch->room, room, sizeof(*stretch->slots));
	return stretch->slots || room == 0 ? 0 : -1;
}

static inline bool
is_before(const struct batch_slot *a, const struct batch_slot *b)
{
	if (__builtin_expect(a->ts_ns != b->ts_ns, 1))
		return a->ts_ns < b->ts_ns;
	return a->rank != b->rank ? a->rank < b->rank : a->packet->core < b->packet->core;
}

/* Sorts a few, or many that are nearly sorted. */
static void
sort_few(struct batch_slot *slots, size_t count)
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

/* Sorts many; spare has room for half of them. */
static void
merge_sort(struct batch_slot *slots, size_t count, struct batch_slot *spare)
{
	const size_t half = count / 2;
	size_t a = 0, b = half, to = 0;

	if (count <= CROWD) {
		sort_few(slots, count);
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
place_of(const struct batch_slot *slot, int64_t from_ns, unsigned shift)
{
	return (size_t)(((uint64_t)slot->ts_ns - (uint64_t)from_ns) >> shift);
}

/* Deals the slots out to the spare ones, which take their place. Afterwards places[p] is where the
 * slots of place p end. */
static void
deal(struct batch *stretch, int64_t from_ns, unsigned shift, size_t place_count)
{
	struct batch_slot *slots = stretch->slots, *spare = stretch->spare;
	const size_t room = stretch->room;
	uint32_t *places = stretch->places, sum = 0;

	memset(places, 0, place_count * sizeof(*places));
	for (size_t i = 0; i < stretch->count; i++)
		places[place_of(&slots[i], from_ns, shift)]++;
	for (size_t p = 0; p < place_count; p++) {
		const uint32_t count = places[p];

		places[p] = sum;
		sum += count;
	}
	for (size_t i = 0; i < stretch->count; i++)
		spare[places[place_of(&slots[i], from_ns, shift)]++] = slots[i];
	stretch->slots = spare;
	stretch->room = stretch->spare_room;
	stretch->spare = slots;
	stretch->spare_room = room;
}

int
batch_sort(struct batch *stretch, int64_t from_ns, int64_t before_ns)
{
	const uint64_t span = (uint64_t)before_ns - (uint64_t)from_ns;
	const size_t count = stretch->count;
	size_t place_count, start = 0;
	unsigned shift = 0;

	if (count < 2)
		return 0;
	while (span >> shift >= 2 * count)
		shift++;
	place_count = (size_t)(span >> shift) + 1;
	stretch->places =
	    renew(stretch->places, &stretch->place_room, place_count, sizeof(*stretch->places));
	stretch->spare =
	    renew(stretch->spare, &stretch->spare_room, count, sizeof(*stretch->spare));
	if (!stretch->places || !stretch->spare)
		return -1;
	deal(stretch, from_ns, shift, place_count);
	for (size_t p = 0; p < place_count; start = stretch->places[p++])
		if (stretch->places[p] - start > CROWD)
			merge_sort(stretch->slots + start, stretch->places[p] - start,
				   stretch->spare);
	sort_few(stretch->slots, count);
	return 0;
}

size_t
batch_first_tie(const struct batch *stretch)
{
	for (size_t i = 1; i < stretch->count; i++) {
		const struct batch_slot *a = &stretch->slots[i - 1], *b = &stretch->slots[i];

		if (__builtin_expect(a->ts_ns == b->ts_ns, 0) && a->rank == b->rank &&
		    a->packet->core == b->packet->core && a->input != b->input)
			return i - 1;
	}
	return stretch->count;
}
