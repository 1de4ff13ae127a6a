/*
 * A stream joined as it goes: what cannot be told yet is held back, within memory and time, and
 * everything after it with it, so that the order stays.
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
	int64_t hold_ns;  /* how long a packet may be held, by the stream's own time */
	uint64_t expired; /* packets that were given up undecided */
};

/* Copies sieve->in to sieve->out; judge, remark and context of sieve are filled in. */
enum copy_outcome join_stream_run(struct join_stream *live, struct copy *sieve,
				  struct failure *why);

#endif
