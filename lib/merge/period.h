/*
 * A source that passes on the packets of a period of another one. Interfaces, statistics and notes stay:
 * counters are those of the whole capture.
 */
#ifndef VCAP_PERIOD_H
#define VCAP_PERIOD_H

#include "base/failure.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stdint.h>

/* In nanoseconds since 1970: from since_ns on, before until_ns. */
struct period {
	int64_t since_ns, until_ns;
};

#define PERIOD_INIT ((struct period){INT64_MIN, INT64_MAX})

static inline bool
period_is_all(const struct period *period)
{
	return period->since_ns == INT64_MIN && period->until_ns == INT64_MAX;
}

struct periodic; /* opaque */

/* from is the caller's and outlives it. NULL with why: out of memory. */
struct periodic *periodic_new(struct source *from, const struct period *period,
			      struct failure *why);
/* periodic may be NULL. */
void periodic_free(struct periodic *periodic);
/* The source with those packets, valid until periodic_free. It cannot be revisited. */
struct source *periodic_source(struct periodic *periodic);

#endif
