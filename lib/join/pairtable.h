/*
 * Evidence from tables: pairs (connpair.h), found by the server-side connection they are about. The
 * number is bounded; new pairs replace the oldest.
 */
#ifndef VCAP_PAIRTABLE_H
#define VCAP_PAIRTABLE_H

#include "base/failure.h"
#include "flows/connpair.h"
#include "join/evidence.h"
#include "join/flowkey.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pairtable;

/* Holds at most `most` pairs. secret, which is random, keys the hash. NULL: out of memory.
 */
struct pairtable *pairtable_new(size_t most, struct siphash_key secret, struct failure *why);
/* pairs may be NULL. */
void pairtable_free(struct pairtable *pairs);

/* Adds a pair, or notes the end of one. false: not added, for want of a server with its port (it
 * could join nothing), or of memory. */
bool pairtable_add(struct pairtable *pairs, const struct connpair *pair);

/* Changes with each pair that is added. */
uint32_t pairtable_generation(const struct pairtable *pairs);

/* Whether a pair names this very connection, or one of those with these addresses, since it does
 * not say the port of its source. */
enum pair_match { PAIR_BY_PORT, PAIR_BY_ADDRESS };

/* Called for each pair found. evidence is valid during the call. */
typedef void pairtable_report(void *context, const struct evidence *evidence,
			      enum pair_match match);

/* When a pair has to have begun. or_before: if no pair has begun within, the newest before counts,
 * unless it had ended by first_ns. */
struct pair_period {
	int64_t first_ns, last_ns; /* both included */
	bool or_before;
};

/* Reports the pairs of the connection from ends->one to ends->other that began in the period. */
void pairtable_find(const struct pairtable *pairs, const struct flowkey *ends,
		    const struct pair_period *period, pairtable_report *report, void *context);

#endif
