/*
 * What became of the triggers of a rolling capture: the file `triggers` in its directory (vcap-spool(5)), which
 * its vcap-wait writes.
 */
#ifndef VCAP_TRIGGER_RECORD_H
#define VCAP_TRIGGER_RECORD_H

#include "base/failure.h"
#include "controller/spool_entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRIGGER_RECORD_TAKEN 120

/* What an engine has counted of a trigger. */
struct trigger_seen {
	unsigned number; /* of the trigger, from 1 */
	char *engine;
	uint64_t matches; /* lines; or packets, of times in which there were enough */
};

struct trigger_record {
	struct trigger_seen *seen; /* heap, owned */
	size_t seen_count;
	/* When the last snapshots were, by this host's clock, the oldest first. */
	int64_t taken[TRIGGER_RECORD_TAKEN];
	size_t taken_count;
	uint64_t snapshots;  /* that were taken, ever */
	uint64_t suppressed; /* that were not: too soon, too many, or in the window of another */
	uint64_t failed;     /* that could not be */
	struct failure why;  /* the last one's reason; or empty */
};

#define TRIGGER_RECORD_INIT ((struct trigger_record){0})

/* Reads it; empty if there is none. -1 with why: it cannot be read; record is TRIGGER_RECORD_INIT. */
int trigger_record_load(struct trigger_record *record, const struct spool_entry *ring,
			struct failure *why);

/* Replaces it. */
int trigger_record_store(const struct trigger_record *record, const struct spool_entry *ring,
			 struct failure *why);

/* What an engine's state says of a trigger: counts are what has come, and lines on which the pattern came to a
 * limit. False: nothing. */
bool trigger_record_read(const struct keyval *state, unsigned number, uint64_t counts[2]);

/* What the engine has counted of a trigger, made if there is none. NULL: out of memory. */
struct trigger_seen *trigger_record_find(struct trigger_record *record, unsigned number,
					 const char *engine);

/* Notes a snapshot; the oldest of TRIGGER_RECORD_TAKEN is forgotten. */
void trigger_record_add_taken(struct trigger_record *record, int64_t at_ns);

/* How many were taken in the hour before now; and after it, by a clock that was set back since. */
size_t trigger_record_taken(const struct trigger_record *record, int64_t now);

/* Frees what was seen; record is TRIGGER_RECORD_INIT afterwards. */
void trigger_record_release(struct trigger_record *record);

#endif
