/*
 * The order of these steps is that of privileges, each given up as soon as nothing needs it:
 *
 *	all of the caller's      the directory is created, the commands are started
 *	CAP_NET_RAW alone        rings are opened
 *	none                     filters are attached
 *	... files only in dir    threads are started
 *	... few system calls     packets are looked at
 *
 * The commands come first because a confined process can start none, and because vcap-flows needs
 * privileges that the capture does not.
 */
#include "capture/session.h"

#include "base/abilities.h"
#include "base/daemon.h"
#include "base/exitcode.h"
#include "base/fileio.h"
#include "base/priv.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "capture/keptlines.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Creates the directory and the files in it that the capture itself does not write. */
static int
create_directory(struct session *session, const struct session_options *wanted, struct failure *why)
{
	if (rundir_create(&session->dir, wanted->path, why) < 0 ||
	    (wanted->token &&
	     rundir_store(&session->dir, "token", wanted->token, strlen(wanted->token), why) < 0) ||
	    job_store(wanted->job, &session->dir, why) < 0)
		return -1;
	session->log_fd = rundir_log(&session->dir, why);
	return session->log_fd < 0 ? -1 : 0;
}

/* Adds the last line of the log to why: the message of a detached command. */
static void
quote_log(const struct session *session, struct failure *why)
{
	char text[256];
	off_t size = lseek(session->log_fd, 0, SEEK_END);
	size_t most = sizeof(text) - 1, used = strlen(why->text);
	ssize_t n = pread(session->log_fd, text, most, size > (off_t)most ? size - (off_t)most : 0);

	if (n <= 0)
		return;
	text[n] = '\0';
	snprintf(why->text + used, sizeof(why->text) - used, ": %s", text_last_line(text));
}

/* Starts vcap-flows. Without a filter command it only keeps pairs for later: if it cannot, the capture
 * goes on without them. */
static int
start_flows(struct session *session, const struct capture_options *options,
	    const struct session_options *wanted, const char *service, struct failure *why)
{
	struct flowproc_wanted flows = {.source = wanted->flows,
					.service = service,
					.dir = session->dir.fd,
					.err = wanted->detached ? session->log_fd : STDERR_FILENO,
					.kept = -1,
					.other = -1,
					.rolling_ns = options->rolling_ns,
					.reserve = options->reserve};
	int rc = 0;

	if (wanted->path &&
	    (flows.kept = rundir_file(&session->dir, keptlines_name(KEPTLINES_PAIRS, 0), why)) < 0)
		return -1;
	if (flows.kept >= 0 && options->rolling_ns)
		flows.other = rundir_file(&session->dir, keptlines_name(KEPTLINES_PAIRS, 1), why);
	rc = flows.kept >= 0 && options->rolling_ns && flows.other < 0
		 ? -1
		 : flowproc_start(&session->flows, &flows, why);
	fileio_close(&flows.kept);
	fileio_close(&flows.other);
	if (wanted->filter)
		return rc;
	if (session->flows.pairs >= 0)
		close(session->flows.pairs);
	session->flows.pairs = -1;
	session->flows.is_lost = true; /* it is nobody's loss now */
	return 0;
}

/* Starts vcap-keys. */
static int
start_keys(struct session *session, const struct capture_options *options,
	   const struct session_options *wanted, struct failure *why)
{
	const struct keyproc_wanted keys = {.source = wanted->keys,
					    .dir = &session->dir,
					    .err =
						wanted->detached ? session->log_fd : STDERR_FILENO,
					    .reserve = options->reserve,
					    .rolling_ns = options->rolling_ns};

	return keyproc_start(&session->keys, &keys, why);
}

/* Starts vcap-drops. */
static int
start_drops(struct session *session, const struct capture_options *options,
	    const struct session_options *wanted, struct failure *why)
{
	const struct dropproc_wanted drops = {.job = wanted->job,
					      .program = options->program,
					      .interfaces = options->interfaces,
					      .name = options->name,
					      .dir = &session->dir,
					      .err = wanted->detached ? session->log_fd
								      : STDERR_FILENO,
					      .reserve = options->reserve,
					      .max_size = options->max_size,
					      .rolling_ns = options->rolling_ns,
					      .snaplen = options->snaplen,
					      .cuts = options->cuts};

	if (dropproc_start(&session->drops, &drops, why) < 0)
		return -1;
	if (wanted->detached && *session->drops.why.text)
		quote_log(session, &session->drops.why);
	return 0;
}

/* Starts what watches for triggers, the filter command, and before it vcap-flows, whose output it reads. */
static int
start_commands(struct session *session, const struct capture_options *options,
	       const struct session_options *wanted, struct failure *why)
{
	const int err = wanted->detached ? session->log_fd : STDERR_FILENO;
	const char *service =
	    wanted->path && wanted->job->service && *wanted->job->service ? "./service" : NULL;
	int more[SUPERVISED_MORES] = {-1, -1, -1}, rc = 0;

	if (wanted->triggers &&
	    triggers_start(&session->triggers, wanted->triggers, wanted->flows, err, why) < 0)
		return -1;
	if (wanted->flows && start_flows(session, options, wanted, service, why) < 0)
		return -1;
	if (wanted->keys && start_keys(session, options, wanted, why) < 0)
		return -1;
	if (wanted->drops && start_drops(session, options, wanted, why) < 0)
		return -1;
	if (!wanted->filter)
		return 0;
	/* A stream has no directory with the service and the specs in it. */
	if (!wanted->path)
		rc = job_open(wanted->job, more + 1, why);
	more[0] = session->flows.pairs;
	if (rc == 0)
		rc = filterproc_start(&session->filter, wanted->filter, err, session->dir.fd, more,
				      why);
	/* The pairs, too: vcap-flows is to end when its only reader does. */
	for (int i = 0; i < SUPERVISED_MORES; i++)
		if (more[i] >= 0)
			close(more[i]);
	session->flows.pairs = -1;
	return rc;
}

/* Before anything is captured or created. */
static int
write_audit(const struct capture_options *options, const struct session_options *wanted,
	    struct failure *why)
{
	struct audit audit;

	audit_begin(&audit, wanted->path ? "start" : "stream");
	audit_add(&audit, "dir", wanted->path);
	audit_add(&audit, "engine", options->name);
	audit_add(&audit, "by", options->by);
	audit_add(&audit, "keys", wanted->keys);
	audit_add_caller(&audit);
	return audit_write(&audit, wanted->audit, why);
}

int
session_begin(struct session *session, struct capture_options *options,
	      const struct session_options *wanted, struct failure *why)
{
	struct capture *capture = &session->capture;
	enum sandbox_mode sandbox = wanted->sandbox;
	bool is_confined = false; /* to files in the directory, which then cannot be removed */

	*session = SESSION_INIT;
	options->dir = wanted->path ? &session->dir : NULL;
	options->filter = wanted->filter ? &session->filter : NULL;
	options->flows = wanted->flows ? &session->flows : NULL;
	options->triggers = wanted->triggers ? &session->triggers : NULL;
	options->keys = wanted->keys ? &session->keys : NULL;
	options->drops = wanted->drops ? &session->drops : NULL;
	options->is_detached = wanted->detached;
	if (write_audit(options, wanted, why) < 0)
		return -1;
	options->signal_fd = daemon_signals(why);
	if (options->signal_fd < 0)
		return -1;
	if (wanted->path && create_directory(session, wanted, why) < 0)
		goto fail;
	if (start_commands(session, options, wanted, why) < 0)
		goto fail;
	/* Not before the directory exists: under sudo, creating it may take root. */
	if (priv_keep_net_raw(why) < 0 || capture_open(capture, options, why) < 0 ||
	    priv_drop_all(why) < 0 || capture_filter(capture, why) < 0)
		goto fail;
	is_confined = true;
	if (sandbox_confine_files(sandbox, session->dir.fd, NULL, why) < 0 ||
	    capture_start(capture, why) < 0 ||
	    sandbox_confine_calls(sandbox, SANDBOX_CALLS_CAPTURE, SANDBOX_OPENS_NONE, why) < 0 ||
	    capture_begin(capture, why) < 0)
		goto fail;
	return 0;
fail:
	if ((wanted->filter || wanted->triggers) && wanted->detached && session->log_fd >= 0)
		quote_log(session, why);
	capture_close(capture);
	filterproc_release(&session->filter);
	flowproc_release(&session->flows);
	triggers_release(&session->triggers);
	keyproc_release(&session->keys);
	dropproc_release(&session->drops);
	if (is_confined)
		rundir_release(&session->dir);
	else
		rundir_discard(&session->dir);
	return -1;
}

int
session_answer(int status, FILE *out)
{
	if (status == EXIT_DONE)
		fprintf(out, "version %s\nabilities %s\n", VCAP_VERSION, ABILITIES);
	return status;
}
