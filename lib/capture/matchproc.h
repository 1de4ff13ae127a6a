/*
 * A `vcap-flows --match` beside a capture: it says how many lines of a log match patterns (flows/linematch.h).
 * It starts while the process still has its privileges; a supervisor ends it with the capture.
 */
#ifndef VCAP_MATCHPROC_H
#define VCAP_MATCHPROC_H

#include "base/failure.h"
#include "base/linebuf.h"
#include "base/supervisor.h"
#include "flows/matchcount.h"
#include "flows/pairsource_spec.h"

#include <stdbool.h>
#include <stdint.h>

struct matchproc {
	struct pairsource_spec source; /* its path is borrowed as long as this lives */
	struct supervisor supervisor;
	int out; /* its output; -1: closed */
	struct linebuf lines;
	bool is_lost; /* it failed before the end of the capture */
};

#define MATCHPROC_INIT ((struct matchproc){.supervisor = SUPERVISOR_INIT, .out = -1})

/* Starts it with these patterns (NULL-ended), and waits up to five seconds until it reads the log. err is its
 * standard error, and stays the caller's. Call before any thread starts. -1 with why: nothing is left. */
int matchproc_start(struct matchproc *match, const struct pairsource_spec *source,
		    char *const *patterns, int err, struct failure *why);

/* The counts of pattern number (from 0) are now these. */
typedef void matchproc_report(void *context, unsigned number, uint64_t matches, uint64_t limited);

/* Reports what has arrived, without waiting. Makes no system calls but read and poll. */
void matchproc_read(struct matchproc *match, matchproc_report *report, void *context);

/* True once, when it has failed since the last call; why says how. Likewise. */
bool matchproc_is_lost(struct matchproc *match, struct failure *why);

/* Ends it if it still runs. Safe on MATCHPROC_INIT. */
void matchproc_release(struct matchproc *match);

#endif
