/*
 * Decides for a rolling capture that is followed whether what its engines count is a reason for a snapshot, and
 * makes it.
 */
#ifndef VCAP_TRIGGER_WATCH_H
#define VCAP_TRIGGER_WATCH_H

#include "base/failure.h"
#include "controller/config.h"
#include "controller/following.h"
#include "controller/spool_entry.h"

struct trigger_watch; /* opaque */

/* Begins, for a capture with triggers that is locked by this process; it has to outlive the watch. *watch is NULL
 * if the capture has none. -1 with why: what is known of it could not be read, or out of memory. */
int trigger_watch_begin(struct trigger_watch **watch, const struct spool_entry *ring,
			config_variable *variable, struct failure *why);

/* Takes what engines have said since the last time; makes a snapshot when it is due. A failure is kept in
 * the record (trigger_record.h), and does not end the capture. NULL does nothing. */
void trigger_watch_turn(struct trigger_watch *watch, const struct following *following);

/* Frees watch, which may be NULL. What was heard and not yet acted upon is in the record. */
void trigger_watch_end(struct trigger_watch *watch);

#endif
