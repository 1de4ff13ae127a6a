/*
 * Threads that help with work which falls into pieces that know nothing of each other. Whoever asks
 * for it does it as well, and never waits but for pieces that are being done: it costs little where
 * the processors are busy with something else.
 */
#ifndef VCAP_THREADPOOL_H
#define VCAP_THREADPOOL_H

#include "base/failure.h"

#include <stddef.h>

struct threadpool;

/* One for each processor that this process may use but one, and at most THREADPOOL_MAX. *crew is
 * NULL if that is none. Threads keep the privileges that the caller has now. */
#define THREADPOOL_MAX 3
int threadpool_start(struct threadpool **crew, struct failure *why);
/* Sends them home; NULL is nobody. */
void threadpool_free(struct threadpool *crew);

/* Does all pieces, in no order, and returns when they are done. Without a crew (NULL) alone. */
typedef void threadpool_task(void *context, size_t piece);
void threadpool_work(struct threadpool *crew, threadpool_task *task, void *context, size_t pieces);

#endif
