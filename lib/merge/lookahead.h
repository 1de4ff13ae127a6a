/*
 * The look-ahead of a merge: it makes batches of packets that are certainly next, by reading ahead
 * of the inputs.
 */
#ifndef VCAP_LOOKAHEAD_H
#define VCAP_LOOKAHEAD_H

#include "base/threadpool.h"
#include "merge/inputheap.h"
#include "merge/interfaces.h"
#include "packet/batch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lookahead {
	/* The inputs visited for this batch: their places in the heap, and how many packets the
	 * batch takes of each. */
	struct lookahead_visit *visits;
	size_t visit_count;
	int64_t until_ns;         /* of the packets to take; the caller's; INT64_MAX: of all */
	int64_t horizon_ns;       /* all packets older than this have been read */
	struct packet *ahead;     /* the packets read ahead, of all inputs */
	uint32_t depth_max;       /* packets to read ahead of each input, at most */
	uint32_t depth;           /* ... at present */
	unsigned skip, next_skip; /* back-off: batches to skip, now and after the next short one */
	struct threadpool *pool;  /* reads ahead of many inputs; the caller's; or NULL */
};

#define LOOKAHEAD_INIT ((struct lookahead){.until_ns = INT64_MAX})

/* Gives the inputs memory to read ahead, which the lookahead owns. pool stays set. -1: out of
 * memory. */
int lookahead_init(struct lookahead *lookahead, struct input *inputs, size_t count);
/* Frees it: the inputs must not be used afterwards. */
void lookahead_release(struct lookahead *lookahead);

/* Whether to take packets one by one this time, since batches were too short. */
bool lookahead_skips(struct lookahead *lookahead);

/*
 * Fills batch with the next packets, in order, and advances the inputs past them. It may stay
 * empty: take a packet from the heap then. The heap has an input, and no duplicates are pending.
 * -1: out of memory; packets may have been lost.
 */
int lookahead_batch(struct lookahead *lookahead, struct inputheap *heap,
		    struct interfaces *interfaces, struct batch *batch);

#endif
