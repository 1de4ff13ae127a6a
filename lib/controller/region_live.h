/*
 * A stream for a larger controller: this controller's vcap-live, for as long as the larger one reads it.
 */
#ifndef VCAP_REGION_LIVE_H
#define VCAP_REGION_LIVE_H

#include "base/failure.h"

#include <stdint.h>

/* The word by which the larger controller says how long it may be silent, `--lease=TIME`. -1 with why: it is
 * none (NULL: missing); *lease_ns is unchanged. */
int region_live_lease(const char *word, int64_t *lease_ns, struct failure *why);

/*
 * Runs vcap-live with these arguments (NULL-ended) and specs, one or more a line (NULL or empty: none); it
 * writes to standard output. Ends it when in ends or brings no byte for lease_ns: then the engines send
 * what they still have. Returns its exit status; -1 with why: it could not be started.
 */
int region_live(char *const *arguments, const char *specs, int in, int64_t lease_ns,
		struct failure *why);

#endif
