/*
 * Polls the engines of a capture until each has ended, or has been out of reach for longer than the
 * capture's patience.
 */
#ifndef VCAP_POLL_H
#define VCAP_POLL_H

#include "base/failure.h"
#include "controller/spool_entry.h"

#include <stdint.h>

/* Returns when every engine that takes part has ended. One that has been out of reach for longer than
 * the capture's patience, counted while no other engine captures, becomes `missing`. One that is
 * missing but turns out to have captured takes part again. poll_ns: the interval; 0: it follows from
 * the capture's age. */
int poll_until_ended(struct spool_entry *entry, int64_t poll_ns, struct failure *why);

#endif
