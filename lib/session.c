#include "session.h"

#include "launch.h"

/* The directory, with everything in it that the capture itself does not write. */
static int
make_directory(struct session *session, const char *path, const struct job *job,
	       struct failure *why)
{
	if (rundir_create(&session->dir, path, why) < 0 || job_store(job, &session->dir, why) < 0)
		return -1;
	session->log_fd = rundir_file(&session->dir, "log", why);
	return session->log_fd < 0 ? -1 : 0;
}

int
session_begin(struct session *session, struct capture_options *options, const char *path,
	      const struct job *job, enum priv_sandbox sandbox, struct failure *why)
{
	struct capture *capture = &session->capture;
	bool confined = false; /* to writing in the directory: it cannot be removed any more */

	*session = SESSION_INIT;
	options->dir = path ? &session->dir : NULL;
	options->signal_fd = launch_signals(why);
	if (options->signal_fd < 0)
		return -1;
	if (path && make_directory(session, path, job, why) < 0)
		goto fail;
	/* Not sooner: root under sudo may have to be root to write where its user can. */
	if (priv_keep_net_raw(why) < 0 || capture_open(capture, options, why) < 0 ||
	    priv_drop_all(why) < 0 || capture_filter(capture, why) < 0)
		goto fail;
	confined = true;
	if (priv_confine_files(sandbox, session->dir.fd, NULL, why) < 0 ||
	    capture_start(capture, why) < 0 ||
	    priv_confine_calls(sandbox, PRIV_CALLS_CAPTURE, false, why) < 0 ||
	    capture_begin(capture, why) < 0)
		goto fail;
	return 0;
fail:
	capture_close(capture);
	rundir_release(&session->dir, !confined);
	return -1;
}
