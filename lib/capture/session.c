#include "capture/session.h"

#include "base/daemon.h"
#include "base/process.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The directory, with everything in it that the capture itself does not write. */
static int
make_directory(struct session *session, const struct session_options *wanted, struct failure *why)
{
	if (rundir_create(&session->dir, wanted->path, why) < 0 ||
	    job_store(wanted->job, &session->dir, why) < 0)
		return -1;
	session->log_fd = rundir_log(&session->dir, why);
	return session->log_fd < 0 ? -1 : 0;
}

/* Adds the last line of the log to why: what a detached command has complained about. */
static void
quote_log(const struct session *session, struct failure *why)
{
	char text[256], *line;
	off_t size = lseek(session->log_fd, 0, SEEK_END);
	size_t most = sizeof(text) - 1, used = strlen(why->text);
	ssize_t n = pread(session->log_fd, text, most, size > (off_t)most ? size - (off_t)most : 0);

	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (n <= 0)
		return;
	text[n] = '\0';
	line = strrchr(text, '\n');
	snprintf(why->text + used, sizeof(why->text) - used, ": %s", line ? line + 1 : text);
}

/* The command, and before it whoever tells it what it will need to know. */
static int
start_commands(struct session *session, const struct session_options *wanted, struct failure *why)
{
	const int err = wanted->detached ? session->log_fd : STDERR_FILENO;
	const char *service =
	    wanted->path && wanted->job->service && *wanted->job->service ? "./service" : NULL;
	int more[SUPERVISED_MORES] = {-1, -1, -1}, rc = 0;

	if (!wanted->filter)
		return 0;
	if (process_siblings_first() < 0)
		return failure_errno(why, "cannot run '%s'", *wanted->filter);
	if (wanted->flows && flowproc_start(&session->informant, wanted->flows, service, err,
					    session->dir.fd, why) < 0)
		return -1;
	/* A livestream has no directory where the service and the specs are. */
	if (!wanted->path)
		rc = job_open(wanted->job, more + 1, why);
	more[0] = session->informant.pairs;
	if (rc == 0)
		rc = filterproc_start(&session->slot, wanted->filter, err, session->dir.fd, more,
				      why);
	/* The pairs too, so that whoever tells them ends when its only reader does. */
	for (int i = 0; i < SUPERVISED_MORES; i++)
		if (more[i] >= 0)
			close(more[i]);
	session->informant.pairs = -1;
	return rc;
}

int
session_begin(struct session *session, struct capture_options *options,
	      const struct session_options *wanted, struct failure *why)
{
	struct capture *capture = &session->capture;
	enum priv_sandbox sandbox = wanted->sandbox;
	bool confined = false; /* to writing in the directory: it cannot be removed any more */

	*session = SESSION_INIT;
	options->dir = wanted->path ? &session->dir : NULL;
	options->slot = wanted->filter ? &session->slot : NULL;
	options->informant = wanted->flows ? &session->informant : NULL;
	options->signal_fd = daemon_signals(why);
	if (options->signal_fd < 0)
		return -1;
	if (wanted->path && make_directory(session, wanted, why) < 0)
		goto fail;
	if (start_commands(session, wanted, why) < 0)
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
	if (wanted->filter && wanted->detached && session->log_fd >= 0)
		quote_log(session, why);
	capture_close(capture);
	filterproc_release(&session->slot);
	flowproc_release(&session->informant);
	rundir_release(&session->dir, !confined);
	return -1;
}
