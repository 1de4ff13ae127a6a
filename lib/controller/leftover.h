/*
 * Leftovers: what of a capture is still on engines. Those are the orphans (orphans.h), the copies
 * that could not be removed when the capture was complete (spool_entry_is_kept), and everything as
 * long as there is no merged file.
 */
#ifndef VCAP_LEFTOVER_H
#define VCAP_LEFTOVER_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/config.h"
#include "controller/following.h"
#include "controller/spool_entry.h"

#include <stdbool.h>

/* Whether the engine may have a part that is to be fetched, or to be removed. */
bool leftover_is_held(const struct spool_entry *entry, const char *engine);

/* Removes the copies of these engines, whose packets are here, and marks those that could not be
 * removed as kept, the others as not. By the sessions that are open (following; NULL: none), then by
 * commands, three times, with pauses. Does not store the facts. -1 with why: the engines could not be
 * asked. */
int leftover_clean(struct spool_entry *entry, const struct strvec *engines,
		   struct following *following, struct failure *why);

/* Does that for the engines that are marked as kept, and stores the facts if there are any, of a
 * capture that is done also the message. */
int leftover_retry(struct spool_entry *entry, struct failure *why);

/* That engines keep their copies, for the message of a capture that is done: heap, empty if none
 * does; NULL: out of memory. */
char *leftover_note(const struct spool_entry *entry);

/* Ends the capture on all engines that may have a part, and removes the parts. Appends to lines
 * (the caller's) one line for each that may still have one, which says how to remove it. */
void leftover_end(const struct spool_entry *entry, config_variable *variable, struct strvec *lines);

#endif
