/*
 * A capture as what this process does from now on: in a directory that it makes, with the job kept
 * there, and without privileges before it looks at the first packet. It lasts as long as the
 * process, which holds the directory's lock.
 */
#ifndef VCAP_SESSION_H
#define VCAP_SESSION_H

#include "capture.h"
#include "failure.h"
#include "job.h"
#include "priv.h"
#include "rundir.h"

struct session {
	struct rundir dir;
	struct capture capture;
	int log_fd; /* the file `log`, for messages of a detached process; -1 with a stream */
};

#define SESSION_INIT ((struct session){.dir = RUNDIR_INIT, .capture = CAPTURE_INIT, .log_fd = -1})

/*
 * Makes the directory path (NULL: a stream on standard output), stores job there, captures, and
 * gives up every privilege. options->dir and options->signal_fd are filled here; what options
 * points to must outlive the session. -1: nothing is left of it, but for privileges.
 */
int session_begin(struct session *session, struct capture_options *options, const char *path,
		  const struct job *job, enum priv_sandbox sandbox, struct failure *why);

#endif
