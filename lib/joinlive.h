/*
 * A stream joined as it goes: what cannot be told yet is held back, within memory and time, and
 * everything after it with it, so that the order stays.
 */
#ifndef VCAP_JOINLIVE_H
#define VCAP_JOINLIVE_H

#include "join.h"
#include "sieve.h"
#include "tables.h"

struct joinlive {
	struct join *join;
	struct tables *tables;
	size_t memory;    /* for packets */
	int64_t hold_ns;  /* how long a packet may be held, by the stream's own time */
	uint64_t expired; /* packets that were given up undecided */
};

/* Copies sieve->in to sieve->out; judge, remark and context of sieve are filled in. */
enum sieve_outcome joinlive_run(struct joinlive *live, struct sieve *sieve, struct failure *why);

#endif
