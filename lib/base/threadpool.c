#include "base/threadpool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

/* How often to look whether others are ready before sleeping: to be woken takes longer than most
 * pieces do. */
#define LOOKS 4000

struct threadpool {
	pthread_t threads[THREADPOOL_MAX];
	unsigned count;
	pthread_mutex_t lock;
	pthread_cond_t has_work, is_done;
	/* The work at hand, under the lock, as all below. */
	threadpool_task *task;
	void *context;
	size_t pieces;
	bool is_over;
	unsigned sleeping;
	/* Read without it, too */
	unsigned turn;    /* of the work; another number whenever there is some */
	unsigned helping; /* helpers that have begun with it */
	size_t next;      /* piece to be done; without the lock */
};

static void
do_pieces(struct threadpool *crew, threadpool_task *task, void *context, size_t pieces)
{
	size_t piece;

	while ((piece = __atomic_fetch_add(&crew->next, 1, __ATOMIC_RELAXED)) < pieces)
		task(context, piece);
}

static inline void
relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

/* Looks for a while whether the value is (or is no longer) this. */
static void
look(const unsigned *value, unsigned wanted, bool is_wanted)
{
	unsigned looks = 0;

	while (looks++ < LOOKS && (__atomic_load_n(value, __ATOMIC_RELAXED) == wanted) != is_wanted)
		relax();
}

/* Until there is other work than that of this turn, or none any more. With the lock. */
static void
await_work(struct threadpool *crew, unsigned turn)
{
	pthread_mutex_unlock(&crew->lock);
	look(&crew->turn, turn, false);
	pthread_mutex_lock(&crew->lock);
	crew->sleeping++;
	while (crew->turn == turn)
		pthread_cond_wait(&crew->has_work, &crew->lock);
	crew->sleeping--;
}

static void *
help(void *arg)
{
	struct threadpool *crew = arg;
	unsigned turn = 0;

	pthread_mutex_lock(&crew->lock);
	for (;;) {
		threadpool_task *task;
		void *context;
		size_t pieces;

		await_work(crew, turn);
		if (crew->is_over)
			break;
		turn = crew->turn;
		/* Too late: its pieces are done, and their count may begin anew any time. */
		if (crew->pieces == 0)
			continue;
		task = crew->task;
		context = crew->context;
		pieces = crew->pieces;
		__atomic_store_n(&crew->helping, crew->helping + 1, __ATOMIC_RELAXED);
		pthread_mutex_unlock(&crew->lock);
		do_pieces(crew, task, context, pieces);
		pthread_mutex_lock(&crew->lock);
		__atomic_store_n(&crew->helping, crew->helping - 1, __ATOMIC_RELAXED);
		if (crew->helping == 0)
			pthread_cond_signal(&crew->is_done);
	}
	pthread_mutex_unlock(&crew->lock);
	return NULL;
}

/* With the lock. */
static void
call(struct threadpool *crew)
{
	__atomic_store_n(&crew->turn, crew->turn + 1, __ATOMIC_RELAXED);
	if (crew->sleeping)
		pthread_cond_broadcast(&crew->has_work);
}

/* With the lock. */
static void
await_helpers(struct threadpool *crew)
{
	if (crew->helping) {
		pthread_mutex_unlock(&crew->lock);
		look(&crew->helping, 0, true);
		pthread_mutex_lock(&crew->lock);
	}
	while (crew->helping)
		pthread_cond_wait(&crew->is_done, &crew->lock);
}

static unsigned
spare_processors(void)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : CPU_COUNT(&set);

	return count > THREADPOOL_MAX ? THREADPOOL_MAX : (unsigned)count - 1;
}

int
threadpool_start(struct threadpool **crew, struct failure *why)
{
	const unsigned wanted = spare_processors();
	struct threadpool *started;

	*crew = NULL;
	if (wanted == 0)
		return 0;
	started = calloc(1, sizeof(*started));
	if (!started)
		return failure_errno(why, "cannot start threads");
	pthread_mutex_init(&started->lock, NULL);
	pthread_cond_init(&started->has_work, NULL);
	pthread_cond_init(&started->is_done, NULL);
	while (started->count < wanted &&
	       pthread_create(&started->threads[started->count], NULL, help, started) == 0)
		started->count++;
	*crew = started;
	return 0;
}

void
threadpool_free(struct threadpool *crew)
{
	if (!crew)
		return;
	pthread_mutex_lock(&crew->lock);
	crew->is_over = true;
	call(crew);
	pthread_mutex_unlock(&crew->lock);
	for (unsigned i = 0; i < crew->count; i++)
		pthread_join(crew->threads[i], NULL);
	free(crew);
}

void
threadpool_work(struct threadpool *crew, threadpool_task *task, void *context, size_t pieces)
{
	if (!crew || pieces < 2) {
		for (size_t piece = 0; piece < pieces; piece++)
			task(context, piece);
		return;
	}
	pthread_mutex_lock(&crew->lock);
	crew->task = task;
	crew->context = context;
	crew->pieces = pieces;
	__atomic_store_n(&crew->next, 0, __ATOMIC_RELAXED);
	call(crew);
	pthread_mutex_unlock(&crew->lock);
	do_pieces(crew, task, context, pieces);
	pthread_mutex_lock(&crew->lock);
	crew->pieces = 0;
	await_helpers(crew);
	pthread_mutex_unlock(&crew->lock);
}
