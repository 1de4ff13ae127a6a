/* Stretches of a merge against a plain sort. */
#include "packet/batch.h"
#include "tap.h"

#include <stdlib.h>

enum { SLOTS = 400 };

/* Where a slot stood before, which it carries as its packet's length. */
static int
compare_slots(const void *a, const void *b)
{
	const struct batch_slot *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->packet->core != y->packet->core)
		return x->packet->core < y->packet->core ? -1 : 1;
	return (x->packet->len > y->packet->len) - (x->packet->len < y->packet->len);
}

/* A time: spread evenly, or crowded at one end, or one of very few. */
static int64_t
random_time(unsigned kind)
{
	const int64_t even = rand() % 100000;

	switch (kind) {
	case 0: return even;
	case 1: return rand() % 50 ? even % 300 : INT64_C(1) << (20 + rand() % 43);
	default: return even % 3;
	}
}

static void
random_slots(unsigned kind, const char *what)
{
	static struct packet packets[SLOTS];
	static struct batch_slot wanted[SLOTS];
	struct batch batch = BATCH_INIT;
	unsigned wrong = 0, ties = 0;

	for (int round = 0; round < 300; round++) {
		const size_t count = (size_t)rand() % SLOTS;
		size_t tie;

		batch_reserve(&batch, count);
		batch.count = count;
		for (size_t i = 0; i < count; i++) {
			packets[i] =
			    (struct packet){.core = (uint32_t)rand() % 2, .len = (uint32_t)i};
			batch.slots[i] = wanted[i] =
			    (struct batch_slot){.ts_ns = random_time(kind),
						.packet = &packets[i],
						.rank = (uint32_t)rand() % 3,
						.input = (uint32_t)rand() % 2};
		}
		qsort(wanted, count, sizeof(*wanted), compare_slots);
		wrong += batch_sort(&batch, 0, INT64_MAX) < 0;
		for (size_t i = 0; i < count; i++)
			wrong += batch.slots[i].packet != wanted[i].packet;
		for (tie = 0; tie + 1 < count; tie++)
			if (wanted[tie].ts_ns == wanted[tie + 1].ts_ns &&
			    wanted[tie].rank == wanted[tie + 1].rank &&
			    wanted[tie].packet->core == wanted[tie + 1].packet->core &&
			    wanted[tie].input != wanted[tie + 1].input)
				break;
		ties += batch_first_tie(&batch) != (tie + 1 < count ? tie : count);
	}
	ok(wrong == 0, "%s: by time, rank and core, and else as they stood", what);
	ok(ties == 0, "... and the first that something else has to order is found");
	batch_release(&batch);
}

int
main(void)
{
	srand(1);
	random_slots(0, "times spread evenly");
	random_slots(1, "crowded times");
	random_slots(2, "few times");
	return done_testing();
}
