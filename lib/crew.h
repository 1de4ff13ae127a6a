/*
 * Threads that help with work which falls into pieces that know nothing of each other. Whoever asks
 * for it does it as well, and never waits but for pieces that are being done: it costs little where
 * the processors are busy with something else.
 */
#ifndef VCAP_CREW_H
#define VCAP_CREW_H

#include "failure.h"

#include <stddef.h>

struct crew;

/* One for each processor that this process may use but one, and at most CREW_MAX. *crew is NULL if
 * that is none. Threads keep the privileges that the caller has now. */
#define CREW_MAX 3
int crew_start(struct crew **crew, struct failure *why);
/* Sends them home; NULL is nobody. */
void crew_free(struct crew *crew);

/* Does all pieces, in no order, and returns when they are done. Without a crew (NULL) alone. */
typedef void crew_task(void *context, size_t piece);
void crew_work(struct crew *crew, crew_task *task, void *context, size_t pieces);

#endif
