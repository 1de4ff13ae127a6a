/*
 * Watches a capture for connects that fail: from every SYN to what becomes of it. The memory is
 * fixed: of too many connects at a time the oldest go first, and what becomes of them is not
 * counted.
 */
#ifndef VCAP_CONNWATCH_H
#define VCAP_CONNWATCH_H

#include "base/failure.h"
#include "base/siphash.h"
#include "packet/dissect.h"

#include <stdint.h>

struct connwatch;

/* secret, which is random, keys the hash. Memory for connects is taken at the first SYN. NULL: out
 * of memory. */
struct connwatch *connwatch_new(struct siphash_key secret, struct failure *why);
/* watch may be NULL. */
void connwatch_free(struct connwatch *watch);

/* From now on an answer that is not there may have been left out: what has none has failed only if it was sent again
 * after a second. */
void connwatch_distrust_silence(struct connwatch *watch);

/* Takes the next packet; tuple is NULL if it is not to be watched: then only time goes on. One that
 * comes more than once, as on two interfaces, is counted once. 0, or -1: out of memory. */
int connwatch_see(struct connwatch *watch, const struct tuple *tuple, int64_t ts_ns);

/* No more packets will come: the connects that failed, as connects_format says it. Heap; NULL: out of
 * memory. */
char *connwatch_finish(struct connwatch *watch, const char *separator);

#endif
