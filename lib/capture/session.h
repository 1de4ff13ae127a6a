/*
 * A capture as all that this process does: in a directory that it creates, with the job stored
 * there, and without privileges before it looks at the first packet. It lasts as long as the
 * process, which holds the lock of the directory.
 */
#ifndef VCAP_SESSION_H
#define VCAP_SESSION_H

#include "base/audit.h"
#include "base/failure.h"
#include "base/sandbox.h"
#include "capture/capture.h"
#include "capture/dropproc.h"
#include "capture/filterproc.h"
#include "capture/flowproc.h"
#include "capture/job.h"
#include "capture/keyproc.h"
#include "capture/rundir.h"
#include "capture/triggers.h"

#include <stdbool.h>
#include <stdio.h>

/* What a session is asked for besides the options of its capture. All borrowed. */
struct session_options {
	const char *path;      /* directory to create; NULL: a stream on standard output */
	const char *token;     /* of the capture, kept in the directory; NULL: none */
	const struct job *job; /* stored in the directory */
	char *const *filter;   /* argv of the filter command; NULL: none */
	char *const *triggers; /* what is watched for (triggers.h), NULL-ended; NULL: nothing */
	const char *flows;     /* source of pairs (flows/pairsource_spec.h); NULL: none */
	const char *keys;      /* source of TLS keys (flows/keysource_spec.h); NULL: none */
	bool drops;            /* what the kernel drops is kept, too (dropproc.h) */
	bool detached;         /* commands write their messages to the file `log` */
	enum sandbox_mode sandbox;
	enum audit_need audit; /* of the line in the log that says what is captured for whom */
};

struct session {
	struct rundir dir;
	struct filterproc filter;
	struct flowproc flows;
	struct triggers triggers;
	struct keyproc keys;
	struct dropproc drops;
	struct capture capture;
	int log_fd; /* the file `log`, for messages of a detached process; -1 with a stream */
};

#define SESSION_INIT                                 \
	((struct session){.dir = RUNDIR_INIT,        \
			  .filter = FILTERPROC_INIT, \
			  .flows = FLOWPROC_INIT,    \
			  .keys = KEYPROC_INIT,      \
			  .drops = DROPPROC_INIT,    \
			  .capture = CAPTURE_INIT,   \
			  .log_fd = -1})

/*
 * Writes to the log what is captured for whom, creates the directory, stores the job there, starts the commands, starts the capture, and gives
 * up every privilege. Sets dir, filter, flows, keys, drops, is_detached and signal_fd of *options; what *options and *wanted
 * point to must outlive the session. On failure nothing is left of it, except that privileges may
 * be gone; a directory that can no longer be removed stays.
 */
int session_begin(struct session *session, struct capture_options *options,
		  const struct session_options *wanted, struct failure *why);

/* For the parent of a detached process: prints the lines `version` and `abilities` if the status is
 * EXIT_DONE, that is, if the capture has begun. Returns the status. */
int session_answer(int status, FILE *out);

#endif
