/*
 * vcap-flows beside a capture: it writes connection pairs to the filter command, which learns from
 * them which client a connection to a server belongs to. It starts while the process still has its
 * privileges, and keeps those it needs. Its output does not pass through this process. A supervisor
 * ends it with the capture; it ends by itself when the filter command does.
 */
#ifndef VCAP_FLOWPROC_H
#define VCAP_FLOWPROC_H

#include "base/failure.h"
#include "base/supervisor.h"

#include <stdbool.h>

struct flowproc {
	const char *source; /* borrowed */
	struct supervisor supervisor;
	int pairs;    /* its output, for the filter command to read; -1: closed */
	bool is_lost; /* it failed before the end of the capture */
};

#define FLOWPROC_INIT ((struct flowproc){.supervisor = SUPERVISOR_INIT, .pairs = -1})

/* Starts it for a source (flows/pairsource_spec.h) in the directory dir (-1: the current one), with
 * err as its standard error, and waits up to five seconds for its first output. service is a path
 * from dir; NULL: none. Call before any thread starts. On failure, which it has explained to err,
 * nothing is left. */
int flowproc_start(struct flowproc *flows, const char *source, const char *service, int err,
		   int dir, struct failure *why);

/* True once, when it has failed since the last call; why says how. Needs read and poll only. */
bool flowproc_is_lost(struct flowproc *flows, struct failure *why);

/* Ends it if it still runs, and closes pairs. Safe on FLOWPROC_INIT. */
void flowproc_release(struct flowproc *flows);

#endif
