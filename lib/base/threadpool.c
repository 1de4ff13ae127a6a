/*
 * Work takes microseconds and comes thousands of times a second, so what counts is the price of
 * starting it. Pieces are numbered, and each thread takes the next number from an atomic counter.
 * An idle thread spins for a while before it sleeps on a condition variable: waking it would take
 * longer than most pieces do. The caller never waits for a thread to begin: a thread that comes
 * too late finds no pieces and goes back to waiting. Only threads that registered as helping, under
 * the lock, hold up its return.
 *
 * Whether threads help is tried (trial.h), for TRIAL_NS at a time.
 */
#include "base/threadpool.h"

#include "base/clock.h"
#include "base/trial.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

/* Turns of the loop that waits for other threads before it sleeps */
#define SPINS    4000

#define TRIAL_NS 2000000
#define TRIALS   2
#define GO_ON    200
#define FAVOUR   1.1 /* how many times as fast threads have to be, as they take processor time */

enum way { SHARED, ALONE, WAYS };

struct threadpool {
	pthread_t threads[THREADPOOL_MAX];
	unsigned count;
	pthread_mutex_t lock;
	pthread_cond_t has_work, is_done;
	/* The current work. All from here on is under the lock. */
	threadpool_task *task;
	void *context;
	size_t pieces;
	bool is_ending;
	unsigned sleeping;
	/* Also read without the lock */
	unsigned generation; /* of the work: incremented for each */
	unsigned helping;    /* threads that work on it */
	size_t next;         /* piece to be done; atomic, without the lock */
	/* The caller's: who works, and since when (0: not begun) how much was done. */
	struct trial trial;
	int64_t trial_from_ns;
	uint64_t trial_amount;
};

static void
do_pieces(struct threadpool *pool, threadpool_task *task, void *context, size_t pieces)
{
	size_t piece;

	while ((piece = __atomic_fetch_add(&pool->next, 1, __ATOMIC_RELAXED)) < pieces)
		task(context, piece);
}

static inline void
relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

/* Waits until work of another generation begins, or the pool ends. With the lock. */
static void
await_work(struct threadpool *pool, unsigned generation)
{
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < SPINS; i++) {
		if (__atomic_load_n(&pool->generation, __ATOMIC_RELAXED) != generation)
			break;
		relax();
	}
	pthread_mutex_lock(&pool->lock);
	pool->sleeping++;
	while (pool->generation == generation)
		pthread_cond_wait(&pool->has_work, &pool->lock);
	pool->sleeping--;
}

static void *
run_thread(void *arg)
{
	struct threadpool *pool = arg;
	unsigned generation = 0;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		threadpool_task *task;
		void *context;
		size_t pieces;

		await_work(pool, generation);
		if (pool->is_ending)
			break;
		generation = pool->generation;
		/* Too late: the caller has returned, and next may be reset any time. */
		if (pool->pieces == 0)
			continue;
		task = pool->task;
		context = pool->context;
		pieces = pool->pieces;
		__atomic_store_n(&pool->helping, pool->helping + 1, __ATOMIC_RELAXED);
		pthread_mutex_unlock(&pool->lock);
		do_pieces(pool, task, context, pieces);
		pthread_mutex_lock(&pool->lock);
		__atomic_store_n(&pool->helping, pool->helping - 1, __ATOMIC_RELAXED);
		if (pool->helping == 0)
			pthread_cond_signal(&pool->is_done);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* Begins a generation. With the lock. */
static void
wake_threads(struct threadpool *pool)
{
	__atomic_store_n(&pool->generation, pool->generation + 1, __ATOMIC_RELAXED);
	if (pool->sleeping)
		pthread_cond_broadcast(&pool->has_work);
}

/* With the lock. */
static void
await_helpers(struct threadpool *pool)
{
	if (pool->helping) {
		pthread_mutex_unlock(&pool->lock);
		for (unsigned i = 0; i < SPINS; i++) {
			if (__atomic_load_n(&pool->helping, __ATOMIC_RELAXED) == 0)
				break;
			relax();
		}
		pthread_mutex_lock(&pool->lock);
	}
	while (pool->helping)
		pthread_cond_wait(&pool->is_done, &pool->lock);
}

unsigned
threadpool_spare(void)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : CPU_COUNT(&set);

	return count > THREADPOOL_MAX ? THREADPOOL_MAX : (unsigned)count - 1;
}

int
threadpool_start(struct threadpool **pool, struct failure *why)
{
	const unsigned wanted = threadpool_spare();
	struct threadpool *started;

	*pool = NULL;
	if (wanted == 0)
		return 0;
	started = calloc(1, sizeof(*started));
	if (!started)
		return failure_errno(why, "cannot start threads");
	trial_init(&started->trial, WAYS, ALONE, FAVOUR, TRIALS, TRIALS, GO_ON);
	pthread_mutex_init(&started->lock, NULL);
	pthread_cond_init(&started->has_work, NULL);
	pthread_cond_init(&started->is_done, NULL);
	while (started->count < wanted &&
	       pthread_create(&started->threads[started->count], NULL, run_thread, started) == 0)
		started->count++;
	*pool = started;
	return 0;
}

void
threadpool_free(struct threadpool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->is_ending = true;
	wake_threads(pool);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->count; i++)
		pthread_join(pool->threads[i], NULL);
	free(pool);
}

void
threadpool_work(struct threadpool *pool, threadpool_task *task, void *context, size_t pieces)
{
	if (!pool || pieces < 2 || pool->trial.way == ALONE) {
		for (size_t piece = 0; piece < pieces; piece++)
			task(context, piece);
		return;
	}
	pthread_mutex_lock(&pool->lock);
	pool->task = task;
	pool->context = context;
	pool->pieces = pieces;
	__atomic_store_n(&pool->next, 0, __ATOMIC_RELAXED);
	wake_threads(pool);
	pthread_mutex_unlock(&pool->lock);
	do_pieces(pool, task, context, pieces);
	pthread_mutex_lock(&pool->lock);
	pool->pieces = 0;
	await_helpers(pool);
	pthread_mutex_unlock(&pool->lock);
}

void
threadpool_progress(struct threadpool *pool, size_t amount)
{
	int64_t now_ns;

	if (!pool)
		return;
	pool->trial_amount += amount;
	now_ns = clock_monotonic_ns();
	if (pool->trial_from_ns && now_ns - pool->trial_from_ns < TRIAL_NS)
		return;
	if (pool->trial_from_ns)
		trial_add(&pool->trial,
			  (double)pool->trial_amount / (double)(now_ns - pool->trial_from_ns));
	pool->trial_from_ns = now_ns;
	pool->trial_amount = 0;
}
