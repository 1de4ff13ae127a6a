/*
 * A capture as what this process does from now on: in a directory that it makes, with the job kept
 * there, and without privileges before it looks at the first packet. It lasts as long as the
 * process, which holds the directory's lock.
 */
#ifndef VCAP_SESSION_H
#define VCAP_SESSION_H

#include "base/failure.h"
#include "base/priv.h"
#include "capture/capture.h"
#include "capture/filterproc.h"
#include "capture/flowproc.h"
#include "capture/job.h"
#include "capture/rundir.h"

#include <stdbool.h>

/* What a session is besides a capture. */
struct session_options {
	const char *path;      /* of the directory to make; NULL: a livestream on standard output */
	const struct job *job; /* kept in the directory */
	char *const *filter;   /* a command that packets pass through; NULL: none */
	const char
	    *flows;    /* what it is told, as vcap-flows takes it (flowsource.h); NULL: nothing */
	bool detached; /* its complaints go to the file `log` */
	enum priv_sandbox sandbox;
};

struct session {
	struct rundir dir;
	struct filterproc slot;
	struct flowproc informant;
	struct capture capture;
	int log_fd; /* the file `log`, for messages of a detached process; -1 with a livestream */
};

#define SESSION_INIT                                  \
	((struct session){.dir = RUNDIR_INIT,         \
			  .slot = FILTERPROC_INIT,    \
			  .informant = FLOWPROC_INIT, \
			  .capture = CAPTURE_INIT,    \
			  .log_fd = -1})

/*
 * Makes the directory, stores the job there, starts the command, captures, and gives up every
 * privilege. options->dir, slot, informant and signal_fd are filled here; what options and wanted
 * point to must outlive the session. -1: nothing is left of it, but for privileges.
 */
int session_begin(struct session *session, struct capture_options *options,
		  const struct session_options *wanted, struct failure *why);

#endif
