/*
 * The inside of struct merge.
 */
#ifndef VCAP_MERGE_INT_H
#define VCAP_MERGE_INT_H

#include "merge/inputheap.h"
#include "merge/interfaces.h"
#include "merge/lookahead.h"
#include "packet/batch.h"

struct merge {
	struct source source; /* first */
	struct interfaces interfaces;
	struct input *inputs;
	size_t input_count;
	struct inputheap heap;
	struct lookahead lookahead;
	struct batch batch; /* of merge_more */
	bool sorts_inputs, stops_at_disorder;
	bool top_is_consumed; /* the head of inputheap_top was handed out, and has not advanced */
	bool has_ended;
	/* Live: inputs that have nothing to read, and the lowest of their watermarks. */
	uint32_t *waiting;
	size_t waiting_count;
	int64_t watermark_ns;    /* INT64_MAX: the merge waits for none */
	int64_t newest_ns;       /* of the packets handed out */
	bool asks_waiting;       /* the next call reads the waiting inputs again */
	uint64_t release_count;  /* packets to hand out in spite of the watermark */
	uint64_t released_early; /* packets that were */
	struct failure why;      /* of SOURCE_CUT */
	int64_t until_ns;        /* of the packets to hand out; INT64_MAX: of all */
};

/* Advances an input. 1, 0 if it has no head, or -1 if the merge cannot go on: merge->why. */
int merge_advance(struct merge *merge, struct input *input);

/* Whether all packets before until_ns have been handed out. There is a head. */
static inline bool
merge_is_at_bound(const struct merge *merge)
{
	return merge->until_ns != INT64_MAX && merge->heap.duplicate_count == 0 &&
	       merge->heap.entries[0].ts_ns >= merge->until_ns;
}

#endif
