/*
 * A pool of threads for work that consists of independent pieces. The caller works too, and waits
 * only for pieces that are already running: with busy processors it costs little.
 */
#ifndef VCAP_THREADPOOL_H
#define VCAP_THREADPOOL_H

#include "base/failure.h"

#include <stddef.h>

struct threadpool;

#define THREADPOOL_MAX 3

/* How many processors this process may use besides the caller's, at most THREADPOOL_MAX. */
unsigned threadpool_spare(void);

/*
 * Starts a thread for each processor that this process may use but one, at most THREADPOOL_MAX.
 * Threads inherit the caller's privileges and sandbox as they are now. 0, with *pool NULL if there
 * is one processor only; -1 with why and *pool NULL: out of memory. Fewer threads than wanted, down
 * to none, are no failure.
 */
int threadpool_start(struct threadpool **pool, struct failure *why);

/* Joins all threads and frees the pool. NULL is allowed. */
void threadpool_free(struct threadpool *pool);

typedef void threadpool_task(void *context, size_t piece);

/* Calls task once for each piece from 0 to pieces - 1, in no order and in several threads at once,
 * and returns when all calls have. Without a pool (NULL) in this thread alone. One caller at a
 * time. */
void threadpool_work(struct threadpool *pool, threadpool_task *task, void *context, size_t pieces);

/* Says that so much was done since the last call, in any unit. From time to time the pool tries whether it is done faster
 * with its threads or without, and uses what is; until this is called it uses its threads. NULL is allowed. */
void threadpool_progress(struct threadpool *pool, size_t amount);

#endif
