/*
 * vcap-flows beside a capture: it tells the command that packets pass through which client a
 * connection to a server carries. It is started while there are privileges, of which it keeps what
 * it needs and the capture nothing, and has a guardian: it ends with the capture, or with the
 * command, and what it tells passes the capture by.
 */
#ifndef VCAP_FLOWPROC_H
#define VCAP_FLOWPROC_H

#include "base/failure.h"
#include "base/supervisor.h"

#include <stdbool.h>

struct flowproc {
	const char *source; /* the caller's */
	struct supervisor guardian;
	int pairs;    /* what it tells, to be read by the command; -1: that has it */
	bool is_lost; /* it has ended before the capture, and badly */
};

#define FLOWPROC_INIT ((struct flowproc){.guardian = SUPERVISOR_INIT, .pairs = -1})

/* Starts it for a source (flowsource.h) in the directory dir (-1: here), with err as its standard
 * error, and waits until it tells something; service is a path there, NULL: none. Call before any
 * thread starts. -1: it cannot tell, and has said why to err. */
int flowproc_start(struct flowproc *informant, const char *source, const char *service, int err,
		   int dir, struct failure *why);

/* Whether it is newly lost; why says so. Reads and polls, and nothing else. */
bool flowproc_is_lost(struct flowproc *informant, struct failure *why);

void flowproc_release(struct flowproc *informant);

#endif
