/*
 * A merge of streams as they are captured: waits for whatever comes, from all inputs at once, and
 * writes each packet as soon as none older can come, which is when every input has brought a packet
 * or a heartbeat (statistics) that is newer. An input that brings nothing at all is waited for no
 * longer than a time, until it brings something again.
 *
 * What is written says in its turn how far it is, by statistics without counters, so that a merge
 * of merges can do the same.
 */
#ifndef VCAP_MERGE_LIVE_H
#define VCAP_MERGE_LIVE_H

#include "base/failure.h"
#include "capfile/writer.h"
#include "merge/inputs.h"
#include "merge/merge.h"

#include <stdbool.h>
#include <stdint.h>

#define MERGE_LIVE_STALL_NS INT64_C(2000000000)

struct merge_live {
	int64_t stall_ns; /* how long an input may be silent and be waited for */
	int out; /* what the packets go to: when nobody reads it any more, that is the end */
	void (*say)(const char *line); /* news of inputs; may be NULL */
	/* Its own. */
	const struct inputs *inputs;
	struct merge *merge;
	struct merge_live_input *list;
	int64_t holding_ns; /* since when packets wait, by the clock; 0: none does */
	int64_t promised_ns;
	bool is_short; /* of memory: that was said */
};

#define MERGE_LIVE_INIT ((struct merge_live){.stall_ns = MERGE_LIVE_STALL_NS, .out = -1})

void merge_live_release(struct merge_live *merge_live);

/* The inputs and the merge of them, both merge_live; they outlive this. */
void merge_live_watch(struct merge_live *merge_live, const struct inputs *inputs,
		      struct merge *merge);

/* Copies source, which is made of the merge, until all inputs have ended. */
int merge_live_copy(struct merge_live *merge_live, struct source *source, struct writer *writer,
		    struct failure *why);

/* Statistics with an end time for the interface of this number, if it was used to tell how far the
 * livestream is: readers expect them of each interface that had any. */
int merge_live_end_mark(const struct merge_live *merge_live, struct writer *writer, uint32_t id,
			struct failure *why);

#endif
