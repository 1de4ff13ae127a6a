/*
 * The cancellation of a capture that has not begun: the process that waits for its start time removes it.
 */
#ifndef VCAP_CANCEL_H
#define VCAP_CANCEL_H

#include "base/failure.h"
#include "controller/spool_entry.h"

/* Cancels the capture if it waits for its start time, and waits until it is gone. Returns 1; 0: it does not
 * wait, or has begun meanwhile; -1 with why. */
int cancel_waiting(struct spool_entry *entry, struct failure *why);

#endif
