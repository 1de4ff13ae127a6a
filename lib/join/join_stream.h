/*
 * A stream joined as it comes: packets that are undecided are held, within bounds of memory and
 * time, and all packets after them too, so that the order is kept.
 */
#ifndef VCAP_JOIN_STREAM_H
#define VCAP_JOIN_STREAM_H

#include "capfile/copy.h"
#include "flows/pairfile.h"
#include "join/join.h"

struct join_stream {
	struct join *join;
	struct pairfile *tables;
	size_t memory;    /* for packets */
	int64_t hold_ns;  /* how long a packet may be held, by the timestamps of the stream */
	uint64_t expired; /* result: packets that were released undecided */
};

/* Copies copy->in to copy->out. Sets judge, remark and context of copy. */
enum copy_outcome join_stream_run(struct join_stream *stream, struct copy *copy,
				  struct failure *why);

#endif
