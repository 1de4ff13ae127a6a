/*
 * Evidence from tables: pairs (pairing.h) as they were read, found by the connection they are
 * about. A bounded number; the oldest give way.
 */
#ifndef VCAP_PAIRS_H
#define VCAP_PAIRS_H

#include "evidence.h"
#include "failure.h"
#include "pairing.h"
#include "recency.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pairs;

struct pairs *pairs_new(size_t most, uint64_t seed, struct failure *why);
void pairs_free(struct pairs *pairs);

/* Keeps a pair, or that one has ended. One whose server or its port is not known joins nothing:
 * false. */
bool pairs_add(struct pairs *pairs, const struct pairing *pairing);

/* Changes with each pair that is kept. */
uint32_t pairs_generation(const struct pairs *pairs);

/* Told of each pair that is found; by_address: its source's port is not known. */
typedef void pairs_report(void *context, const struct evidence *evidence, bool by_address);

/*
 * The pairs of the connection from ends->one to ends->other that came to be in [first_ns, last_ns].
 * is_older: it had begun before anything was seen of it; if there are none, the newest before
 * counts, unless that had ended by then.
 */
void pairs_find(const struct pairs *pairs, const struct recency_key *ends, int64_t first_ns,
		int64_t last_ns, bool is_older, pairs_report *report, void *context);

#endif
