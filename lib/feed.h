/*
 * One input of a merge: its packets with the roster's interfaces, at their moved times, one head at
 * a time. An input that can be revisited may be put in order first, however far it is from it: that
 * takes 24 bytes of memory for each of its packets.
 */
#ifndef VCAP_FEED_H
#define VCAP_FEED_H

#include "failure.h"
#include "merge.h"
#include "packet.h"
#include "roster.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct feed {
	struct merge_input input;
	size_t number;
	struct feed_route *routes; /* by interface of the source */
	uint32_t route_count;
	/* The head: a packet, or a note that has the place of the packet before it. */
	bool is_note;
	struct packet packet; /* with the roster's interface */
	uint32_t origin;      /* of the packet; UINT32_MAX before the first */
	bool is_disordered;   /* a head stood behind one that it belongs before */
	bool is_excused;      /* a live merge does not wait for it */
	struct merge_outcome outcome;
	/* The order to revisit the source in; NULL: as it stands. */
	struct feed_entry *index;
	size_t index_count, index_at;
	/* Nothing older than this follows, as far as is known: the newest packet or heartbeat. */
	int64_t promise_ns;
};

/* Where an interface of the source goes. */
struct feed_route {
	uint32_t interface, origin;
};

void feed_init(struct feed *feed, const struct merge_input *input, size_t number);
void feed_release(struct feed *feed);

/* Reads the next head. 1, FEED_LATER if nothing has come yet, 0 at the end, or -1 if the merge
 * cannot go on (no memory, or a second link type), with why filled. */
#define FEED_LATER 2
int feed_advance(struct feed *feed, struct roster *roster, struct failure *why);

/* Reads the whole input, if it can be revisited, and arranges for it to be read again in order.
 * Call before feed_advance. 0, or -1 as there. */
int feed_sort(struct feed *feed, struct roster *roster, struct failure *why);

/* The roster's interfaces have new numbers. */
void feed_renumber(struct feed *feed, const uint32_t *place);

/* By engine and core: what orders packets of the same time before their contents do. */
int feed_compare_origins(const struct roster *roster, uint32_t a, uint32_t b);

#endif
