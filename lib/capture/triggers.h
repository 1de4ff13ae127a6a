/*
 * What a capture watches for the controller that may want it frozen (flows/trigger_spec.h): lines of logs, by
 * processes of their own, and numbers of packets. It only counts, and tells the counts in the status.
 */
#ifndef VCAP_TRIGGERS_H
#define VCAP_TRIGGERS_H

#include "base/failure.h"
#include "base/keyval.h"
#include "capture/matchproc.h"
#include "capture/packetrate.h"
#include "flows/trigger_spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Patterns of one source. */
struct trigger_source {
	struct matchproc process;
	unsigned numbers[TRIGGER_SPEC_MOST]; /* of the triggers that its patterns are */
	size_t count;
};

struct triggers {
	struct trigger_spec specs[TRIGGER_SPEC_MOST];
	size_t count;
	struct {
		uint64_t matches, limited;
	} counts[TRIGGER_SPEC_MOST]; /* lines, or packets of times in which there were enough */
	struct trigger_source sources[TRIGGER_SPEC_MOST];
	size_t source_count;
	struct packetrates rates;
	unsigned rate_numbers[PACKETRATE_MOST]; /* of the triggers that they are */
};

/*
 * Reads the words (NULL-ended, borrowed as long as triggers lives), and starts what reads logs; log: reads the
 * one of flows (pairsource_spec.h). err is their standard error, the caller's. Call before any thread starts.
 * -1 with why: nothing is left. triggers is large: not for the stack of a thread.
 */
int triggers_start(struct triggers *triggers, char *const *words, const char *flows, int err,
		   struct failure *why);

/* Takes what was counted up to now (CLOCK_MONOTONIC). Returns whether there is news. Makes no system calls but
 * read and poll. */
bool triggers_take(struct triggers *triggers, int64_t now);

/* True once for each process that has failed since; why says which, and how. Likewise. */
bool triggers_lost(struct triggers *triggers, struct failure *why);

/* Adds the counts, a line `trigger-NUMBER MATCHES LIMITED` each, NUMBER from 1. -1: out of memory. */
int triggers_set(const struct triggers *triggers, struct keyval *kv);

/* Ends the processes. */
void triggers_release(struct triggers *triggers);

#endif
