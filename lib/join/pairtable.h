/*
 * Evidence from tables: pairs (pairing.h) as they were read, found by the connection they are
 * about. A bounded number; the oldest give way.
 */
#ifndef VCAP_PAIRTABLE_H
#define VCAP_PAIRTABLE_H

#include "base/failure.h"
#include "flows/connpair.h"
#include "join/evidence.h"
#include "join/lru.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pairtable;

struct pairtable *pairtable_new(size_t most, uint64_t seed, struct failure *why);
void pairtable_free(struct pairtable *pairs);

/* Keeps a pair, or that one has ended. One whose server or its port is not known joins nothing:
 * false. */
bool pairtable_add(struct pairtable *pairs, const struct connpair *pairing);

/* Changes with each pair that is kept. */
uint32_t pairtable_generation(const struct pairtable *pairs);

/* Told of each pair that is found; by_address: its source's port is not known. */
typedef void pairtable_report(void *context, const struct evidence *evidence, bool by_address);

/*
 * The pairs of the connection from ends->one to ends->other that came to be in [first_ns, last_ns].
 * is_older: it had begun before anything was seen of it; if there are none, the newest before
 * counts, unless that had ended by then.
 */
void pairtable_find(const struct pairtable *pairs, const struct lru_key *ends, int64_t first_ns,
		    int64_t last_ns, bool is_older, pairtable_report *report, void *context);

#endif
