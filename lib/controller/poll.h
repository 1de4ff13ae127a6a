/*
 * Polls the engines of a capture until each has ended, or has been unreachable for longer than the
 * capture's patience (vcap-start --patience).
 */
#ifndef VCAP_POLL_H
#define VCAP_POLL_H

#include "base/failure.h"
#include "controller/spool_entry.h"

#include <stdint.h>

/* Returns 0 when every participating engine has ended. One that has been unreachable for longer
 * than the patience, counted while no other engine captures, becomes `missing`; a missing one that
 * turns out to have captured takes part again. A requested stop (spool_entry_ask_stop) is passed
 * on. poll_ns: the interval; 0: it depends on the capture's age. -1 with why: vcap-each could not
 * be run, or the facts not stored. */
int poll_until_ended(struct spool_entry *entry, int64_t poll_ns, struct failure *why);

#endif
