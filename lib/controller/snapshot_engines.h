/*
 * Has the engines of a snapshot keep their parts of it (vcap-host snapshot).
 */
#ifndef VCAP_SNAPSHOT_ENGINES_H
#define VCAP_SNAPSHOT_ENGINES_H

#include "base/failure.h"
#include "controller/spool_entry.h"

/*
 * Measures the clocks of the participating engines whose parts are not known to be kept, asks them, and
 * again those that are out of reach, for half a minute. One that refuses becomes `missing`; one that is
 * still out of reach then, or fails otherwise, is pending: its ring has the packets for a while, and it is
 * asked again when it is back (orphans.h). -1 with why: vcap-each could not be run, the facts not stored,
 * or the capture is given up.
 */
int snapshot_engines_take(struct spool_entry *entry, struct failure *why);

#endif
