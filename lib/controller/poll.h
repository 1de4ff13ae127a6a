/*
 * Polls the engines of a capture until each has ended, has been unreachable for longer than the
 * capture's patience (vcap-start --patience) or half a minute, or captures on long after its end.
 */
#ifndef VCAP_POLL_H
#define VCAP_POLL_H

#include "base/failure.h"
#include "controller/config.h"
#include "controller/following.h"
#include "controller/spool_entry.h"

#include <stdint.h>

/*
 * Returns 0 when every participating engine has ended. One that has been unreachable for longer
 * than the patience, at most POLL_PATIENCE_MOST_NS, counted while no other engine captures, becomes `missing`; so does one that
 * still captures when the patience (POLL_OVERTIME_NS at least) has passed since the capture's time
 * limit or its stop. A region has more time, for what it has to fetch and to merge itself.
 *
 * following (FOLLOWING_INIT) has the sessions with the engines, which stay open; the caller releases it.
 *
 * A requested stop (spool_entry_ask_stop) is passed on. poll_ns: the interval; 0: it depends on the
 * capture's age. The engines file tells which are regions; as long as it is malformed no engine can
 * be asked, and nothing becomes missing. -1 with why: vcap-each could not be run, the facts not
 * stored, or the capture is given up (spool_entry_ask_give_up).
 */
#define POLL_OVERTIME_NS      INT64_C(10000000000)
#define POLL_PATIENCE_MOST_NS INT64_C(30000000000)
int poll_until_ended(struct spool_entry *entry, struct following *following, int64_t poll_ns,
		     config_variable *variable, struct failure *why);

#endif
