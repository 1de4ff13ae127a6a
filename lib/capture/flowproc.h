/*
 * vcap-flows beside a capture: it writes connection pairs to the filter command, which learns from
 * them which client a connection to a server belongs to, and to a file that keeps them for later. It
 * starts while the process still has its privileges, and keeps those it needs. Its output does not
 * pass through this process. A supervisor ends it with the capture.
 */
#ifndef VCAP_FLOWPROC_H
#define VCAP_FLOWPROC_H

#include "base/failure.h"
#include "base/supervisor.h"

#include <stdbool.h>
#include <stdint.h>

struct flowproc_wanted {
	const char *source;  /* flows/pairsource_spec.h; borrowed as long as the flowproc lives */
	const char *service; /* a path from dir; NULL: none */
	int dir;             /* the directory that it runs in; -1: the current one */
	int err;             /* its standard error */
	int kept;            /* the file that keeps pairs; -1: none */
	int other;          /* of a ring: another, by turns; -1: none. All four stay the caller's */
	int64_t rolling_ns; /* of a ring: how long pairs are kept */
	uint64_t reserve;   /* bytes that stay free on its disk, or DISKQUOTA_DEFAULT */
};

struct flowproc {
	const char *source; /* borrowed */
	struct supervisor supervisor;
	int pairs;    /* its output, for the filter command to read; -1: closed */
	bool is_lost; /* it failed before the end of the capture */
};

#define FLOWPROC_INIT ((struct flowproc){.supervisor = SUPERVISOR_INIT, .pairs = -1})

/* Starts it, and waits up to five seconds for its first output. Call before any thread starts. On
 * failure, which it has explained to err, nothing is left. */
int flowproc_start(struct flowproc *flows, const struct flowproc_wanted *wanted,
		   struct failure *why);

/* True once, when it has failed since the last call; why says how. Needs read and poll only. */
bool flowproc_is_lost(struct flowproc *flows, struct failure *why);

/* Ends it if it still runs, and closes pairs. Safe on FLOWPROC_INIT. */
void flowproc_release(struct flowproc *flows);

#endif
