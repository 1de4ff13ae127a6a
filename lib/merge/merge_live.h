/*
 * A live merge: reads all streams as they come and writes each packet as soon as no older one can
 * follow, which is when every input has brought a newer packet or heartbeat (statistics). An input
 * that is silent for too long, or whose stream has ended and is to be followed by another one, is not waited
 * for until it brings something again.
 *
 * The output has heartbeats of its own, statistics without counters, so that outputs of live merges
 * can be merged live in turn.
 */
#ifndef VCAP_MERGE_LIVE_H
#define VCAP_MERGE_LIVE_H

#include "base/failure.h"
#include "capfile/writer.h"
#include "merge/inputs.h"
#include "merge/merge.h"
#include "merge/stream_control.h"

#include <stdbool.h>
#include <stdint.h>

#define MERGE_LIVE_STALL_NS INT64_C(2000000000)

struct merge_live {
	int64_t stall_ns; /* for how long packets of others wait for an input that is silent */
	int out; /* the descriptor that is written: once it has no reader, the merge fails; or -1 */
	void (*report)(const char *line); /* called when an input stalls or returns; may be NULL */
	struct stream_control
	    control;          /* whoever says how streams follow each other, if anybody does */
	bool announces;       /* report what is waited for, when it begins, what it drops */
	bool has_lost_reader; /* why the merge has failed, if it has */
	/* Private. */
	const struct inputs *inputs;
	struct merge *merge;
	struct merge_live_input *states; /* by input; heap */
	int64_t pending_since_ns;        /* packets have been held back since; 0: none are */
	int64_t heartbeat_ns;            /* time of the last heartbeat; INT64_MIN: none */
	int64_t written_ns;              /* monotonic clock: when it was written */
	bool was_full;                   /* that memory was full has been reported */
};

#define MERGE_LIVE_INIT       \
	((struct merge_live){ \
	    .stall_ns = MERGE_LIVE_STALL_NS, .out = -1, .control = STREAM_CONTROL_INIT})

/* Frees what was allocated, not the inputs and the merge. */
void merge_live_release(struct merge_live *live);

/* Sets the inputs, opened live, and the live merge of them; both stay the caller's. */
void merge_live_watch(struct merge_live *live, const struct inputs *inputs, struct merge *merge);

/* Copies source, which is the merge or is fed by it, until all inputs have ended. Blocks while
 * there is nothing to write. 0 or -1. */
int merge_live_copy(struct merge_live *live, struct source *source, struct writer *writer,
		    struct failure *why);

/* Writes statistics with an end time for output interface id, if the heartbeats were of it:
 * an interface that had statistics needs an end mark. 0 or -1. */
int merge_live_end_mark(const struct merge_live *live, struct writer *writer, uint32_t id,
			struct failure *why);

#endif
