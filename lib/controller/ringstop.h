/*
 * The end of a rolling capture: it is no capture that is fetched, so that its end is its removal, perhaps
 * behind a last snapshot.
 */
#ifndef VCAP_RINGSTOP_H
#define VCAP_RINGSTOP_H

#include "base/failure.h"
#include "controller/config.h"
#include "controller/spool.h"

#include <stdbool.h>

/* Opens the rolling capture called word in the user's spool, as snapshot_entry_find_ring. */
int ringstop_find(struct spool_entry *ring, const char *word, config_variable *variable,
		  struct failure *why);

typedef void ringstop_report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Ends the ring and removes it, here and on its engines; with_snapshot: first takes a snapshot up to now,
 * waits for its file by vcap-wait, which prints its path, and keeps the ring if there is none. Reports what is
 * left where. Returns the exit status; -1 with why: the ring goes on.
 */
int ringstop_run(struct spool_entry *ring, bool with_snapshot, config_variable *variable,
		 ringstop_report *report, struct failure *why);

#endif
