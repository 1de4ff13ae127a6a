/*
 * Removes captures that exceed limits from the spool, and leftovers from engines.
 */
#ifndef VCAP_PRUNE_H
#define VCAP_PRUNE_H

#include "base/failure.h"
#include "controller/config.h"
#include "controller/prune_rules.h"
#include "controller/spool.h"

#include <stdint.h>

enum prune_mode { PRUNE_REMOVE, PRUNE_DRY_RUN };

/* Tells of one that was removed, or would be, and of what went wrong. */
struct prune_report {
	void (*removed)(const char *text);
	void (*failed)(const char *text);
};

/* Goes through ids, from the newest to the oldest, and removes those that exceed a limit of their rule,
 * with their parts on engines; removed() gets the id. Unfinished captures, and those that cannot be read,
 * are kept and not counted. Returns an exit status (exitcode.h). */
int prune_captures(const struct spool *spool, char *const *ids, const struct prune_rules *rules,
		   enum prune_mode mode, const struct prune_report *report);

/* Removes the TLS keys of those of ids that ended longer than age_ns ago, and leaves their packets; removed() gets
 * the id. Returns an exit status. */
int prune_keys(const struct spool *spool, char *const *ids, int64_t age_ns, enum prune_mode mode,
	       const struct prune_report *report);

/*
 * Asks all engines, so that each removes what has expired there, and removes what they have of captures
 * that ended longer than age_ns ago and that this spool does not need: those that are complete in it, and
 * those that it does not have, whoever made them; removed() gets `ID on ENGINE`. Those of which it needs
 * a part still are completed by vcap-wait. Returns an exit status.
 */
int prune_leftovers(int64_t age_ns, enum prune_mode mode, config_variable *variable,
		    const struct prune_report *report);

#endif
