/* The heap against sorting: any mix of pushes, pops and changed keys hands out the smallest. */
#include "base/heap.h"
#include "tap.h"

#include <stdint.h>
#include <stdlib.h>

#define KEYS 7 /* few, so that many are equal */
#define ROOM 64

struct item {
	unsigned key, number;
};

static inline bool
is_before(const struct item *a, const struct item *b)
{
	return a->key < b->key;
}

HEAP_DEFINE(item_heap, const struct item *, is_before);

static inline bool
is_less(uint32_t a, uint32_t b)
{
	return a < b;
}

HEAP_DEFINE(number_heap, uint32_t, is_less);

static uint32_t
next_random(void)
{
	static uint32_t state = 1;

	return state = state * 1664525 + 1013904223;
}

static int
compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void
sorts(void)
{
	unsigned wrong = 0;

	for (size_t n = 0; n <= ROOM; n++) {
		uint32_t heap[ROOM], sorted[ROOM];
		size_t count = 0;

		for (size_t i = 0; i < n; i++) {
			sorted[i] = next_random() >> (i % 2 ? 0 : 28);
			number_heap_push(heap, &count, sorted[i]);
		}
		qsort(sorted, n, sizeof(*sorted), compare);
		wrong += count != n;
		for (size_t i = 0; i < n; i++)
			wrong += number_heap_pop(heap, &count) != sorted[i];
		wrong += count != 0;
	}
	ok(wrong == 0, "0 to %d numbers leave the heap sorted", ROOM);
}

/* In every array of four elements with keys 1 to 6: a first one with a later key moves down. What
 * lies behind the elements would be before all of them, and is not looked at. */
static void
moves_a_changed_key(void)
{
	unsigned wrong = 0, arrays = 0;

	for (uint32_t digits = 0; digits < 6 * 6 * 6 * 6 * 6; digits++) {
		uint32_t heap[5] = {0}, sorted[4], rest = digits / 6;
		const uint32_t later = 1 + digits % 6;
		size_t count = 0;

		for (int i = 0; i < 4; i++, rest /= 6)
			number_heap_push(heap, &count, 1 + rest % 6);
		if (later < heap[0])
			continue;
		memcpy(sorted, heap, sizeof(sorted));
		sorted[0] = later;
		qsort(sorted, 4, sizeof(*sorted), compare);
		number_heap_sift_down(heap, count, later);
		for (int i = 0; i < 4; i++)
			wrong += number_heap_pop(heap, &count) != sorted[i];
		arrays++;
	}
	ok(arrays > 1000 && wrong == 0, "a later key in the first place moves down");
}

/* The second of all is one of array[1] and array[2], as capture_loop relies on. */
static void
has_the_second_below_the_first(void)
{
	unsigned wrong = 0;

	for (size_t n = 2; n <= ROOM; n++) {
		uint32_t heap[ROOM], second;
		size_t count = 0;

		for (size_t i = 0; i < n; i++)
			number_heap_push(heap, &count, next_random());
		second = count > 2 && heap[2] < heap[1] ? heap[2] : heap[1];
		number_heap_pop(heap, &count);
		wrong += heap[0] != second;
	}
	ok(wrong == 0, "the second is array[1] or array[2]");
}

/* A random mix of pushes and pops, beside a list that is searched. */
static void
holds_in_a_random_mix(void)
{
	static struct item items[ROOM];
	const struct item *heap[ROOM];
	bool is_in[ROOM] = {false};
	size_t count = 0, wrong = 0, pops = 0;

	for (int step = 0; step < 20000; step++) {
		const unsigned number = next_random() >> 16 & (ROOM - 1);
		unsigned smallest = KEYS;

		if (!is_in[number]) {
			items[number] = (struct item){next_random() >> 16 & 7, number};
			items[number].key %= KEYS;
			item_heap_push(heap, &count, &items[number]);
			is_in[number] = true;
			continue;
		}
		for (unsigned i = 0; i < ROOM; i++)
			if (is_in[i] && items[i].key < smallest)
				smallest = items[i].key;
		const struct item *first = item_heap_pop(heap, &count);
		wrong += first->key != smallest || !is_in[first->number];
		is_in[first->number] = false;
		pops++;
	}
	for (size_t i = 0; i < ROOM; i++)
		count -= is_in[i];
	ok(pops > 1000 && wrong == 0, "each pop is one of the smallest, and no element twice");
	ok(count == 0, "the count is that of the elements");
}

int
main(void)
{
	sorts();
	moves_a_changed_key();
	has_the_second_below_the_first();
	holds_in_a_random_mix();
	return done_testing();
}
