/* Work that is done by several threads: every piece once, and all of it before threadpool_work
 * returns.
 */
#include "base/threadpool.h"
#include "tap.h"

#include <sched.h>
#include <string.h>

enum { PIECES = 20, ROUNDS = 500000 };

struct work {
	unsigned times[PIECES]; /* that a piece was done; its own */
};

static void
count(void *context, size_t piece)
{
	struct work *work = context;

	work->times[piece]++;
}

/* Rounds in which some piece was not done once, or one that was not asked for. */
static unsigned
wrong_rounds(struct threadpool *pool)
{
	unsigned wrong = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		const size_t pieces = round % (PIECES + 1);
		struct work work;
		bool is_right = true;

		memset(&work, 0, sizeof(work));
		/* Helpers find the next work at once, or sleep by then. */
		for (volatile unsigned i = 0; i < round % 7 * 100; i++)
			;
		threadpool_work(pool, count, &work, pieces);
		for (size_t i = 0; i < PIECES; i++)
			is_right = is_right && work.times[i] == (i < pieces);
		threadpool_progress(pool, pieces);
		wrong += !is_right;
	}
	return wrong;
}

/* Only this processor. */
static void
keep_to_one(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

int
main(void)
{
	struct threadpool *pool, *none;
	struct failure why;

	ok(threadpool_start(&pool, &why) == 0, "a pool starts");
	ok(wrong_rounds(pool) == 0, "every piece is done once, and before threadpool_work returns");
	/* The helpers stay where they were. */
	keep_to_one();
	ok(threadpool_start(&none, &why) == 0 && !none, "one processor needs no pool");
	ok(wrong_rounds(none) == 0, "without a pool all is done, too");
	threadpool_free(pool);
	threadpool_free(none);
	return done_testing();
}
