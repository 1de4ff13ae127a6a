/*
 * Orphans: parts of a capture on engines that are missing from it (spool_entry_is_pending). An
 * engine whose answer to the start was lost, cut short or not understood may have one, and so does
 * one that was not reached later on. One that refused to start has none, and is never asked again.
 */
#ifndef VCAP_ORPHANS_H
#define VCAP_ORPHANS_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/spool_entry.h"

#include <stdbool.h>

/* Ends and removes the orphans of a capture that is given up, and appends to left (the caller's)
 * the engines on which one may be left. -1 with why: the engines could not be asked. */
int orphans_end(const struct spool_entry *entry, struct strvec *left, struct failure *why);

/* Ends the orphans of a capture that goes on: an engine that has one takes part from now on, one
 * that has none is no longer pending. -1 with why: the engines could not be asked, or the facts
 * could not be stored. */
int orphans_adopt(struct spool_entry *entry, struct failure *why);

/* Whether that is the reason why an engine refused a request: what is there was begun by another
 * start (rundir.h). */
bool orphans_is_of_another(const char *reason);

#endif
