/*
 * The removal of a capture from the spool, with what its engines have of it.
 */
#ifndef VCAP_REMOVAL_H
#define VCAP_REMOVAL_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/config.h"
#include "controller/spool.h"

enum removal_kind {
	REMOVAL_OVER,    /* only a capture that is over */
	REMOVAL_IDLE,    /* one that nobody works on and whose engines have ended, too */
	REMOVAL_GIVE_UP, /* one in any state: whoever works on it is asked to leave it */
};

/*
 * Removes the capture id: ends it on its engines, removes their parts, then it. One whose facts
 * cannot be read is removed only here. Appends to lines (the caller's) one line for each engine that
 * may keep its part. -1 with why: there is none, it is of another kind, or its files could not be
 * removed.
 */
int removal_run(const struct spool *spool, const char *id, enum removal_kind kind,
		config_variable *variable, struct strvec *lines, struct failure *why);

/* Calls removal_run, and report for each of those lines and for why. Returns an exit status. */
int removal_tell(const struct spool *spool, const char *id, enum removal_kind kind,
		 config_variable *variable, void (*report)(const char *line));

/* Whether the capture is to be worked on: 0; -1 with why: it was removed, also by its cancellation,
 * or is given up. */
int removal_check(const struct spool_entry *entry, struct failure *why);

/* Sets why to that the capture was cancelled. Returns -1. */
int removal_cancelled(const struct spool_entry *entry, struct failure *why);

#endif
