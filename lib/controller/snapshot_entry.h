/*
 * A snapshot of a rolling capture, as a capture of its own in the spool: made under a lock of the rolling
 * capture, so that of any number of requests for the same moments one makes it and the others find it.
 */
#ifndef VCAP_SNAPSHOT_ENTRY_H
#define VCAP_SNAPSHOT_ENTRY_H

#include "base/failure.h"
#include "controller/config.h"
#include "controller/spool.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether the capture is a rolling one that captures; *rolling_ns, if not NULL, is the time it keeps. */
bool snapshot_entry_is_ring(const struct spool_entry *entry, int64_t *rolling_ns);

/* Opens the rolling capture called word: its id, or the service of which there is one. -1: there is none,
 * and why says how to start one; SPOOL_SEVERAL: why names them. */
int snapshot_entry_find_ring(const struct spool *spool, const char *word, struct spool_entry *ring,
			     struct failure *why);

struct snapshot_wish {
	int64_t moment_ns; /* since 1970, by this host's clock */
	int64_t after_ns;  /* the window goes on for so long, at most PARAMS_ROLLING_AFTER_NS */
	const char *note;  /* one line; NULL: none */
	/* Within that much of another one's moment there is none; SNAPSHOT_COOLDOWN_OF_RING: as the capture was
	 * started. */
	int64_t cooldown_ns;
	const char *by;    /* who asks (caller.h) */
	bool without_keys; /* ... of the TLS keys of the ring none */
};

#define SNAPSHOT_COOLDOWN_OF_RING INT64_C(-1)

enum snapshot_outcome {
	SNAPSHOT_FAILED = -1,
	SNAPSHOT_MADE,
	SNAPSHOT_COVERED, /* the moment is in the window of another */
	SNAPSHOT_COOLING, /* it is not, but another one was just before */
};

/*
 * Makes a snapshot of the ring, and a vcap-wait that takes it. *id is its id, or that of the other; unchanged
 * on failure, of which why says the reason. Each call is counted (snapshot_entry_asked).
 */
enum snapshot_outcome snapshot_entry_make(const struct spool *spool, const struct spool_entry *ring,
					  const struct snapshot_wish *wish,
					  config_variable *variable, char id[SPOOL_ID_MAX],
					  struct failure *why);

/* How often a snapshot of the ring was asked for, and how often the answer was another one. */
struct snapshot_asked {
	uint64_t all, shared;
};

/* By the ring's files; 0 where they cannot be read. */
struct snapshot_asked snapshot_entry_asked(const struct spool_entry *ring);

/* How many snapshots of the ring there are in the spool. */
unsigned snapshot_entry_count(const struct spool *spool, const struct spool_entry *ring);

#endif
