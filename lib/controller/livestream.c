/*
 * An engine streams while newlines arrive on its standard input: the lease. They stop when this
 * process is killed, the link fails or the host hangs, so an engine never continues without a
 * reader and leaves nothing to clean up. Closing the input is the orderly end. The job precedes the
 * newlines in the same pipe; it may be larger than the pipe, so it is written in pieces as the
 * engine reads. The packets do not pass through this process.
 */
#include "controller/livestream.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "controller/remedy.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The descriptors that are watched: LIVESTREAM_WATCHED. */
enum { LEASE, ERRORS, CHILD };

/* vcap-run's last line: "vcap-run: 5 packets, ...; ended by REASON, ..." */
#define SPEAKER "vcap-run: "
#define REASON  "; ended by "

/* Of standard error at once: a pipe has 64 KiB. */
#define READS_MOST 160

/* Lines of an engine that are reported in a second. */
#define LINES_MOST 50

int
livestream_start(struct livestream *livestream, const char *engine, char *const *argv,
		 struct failure *why)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, rc = -1;

	livestream->engine = engine;
	livestream->child = PROCESS_INIT;
	livestream->out = livestream->lease = livestream->errors = -1;
	livestream->sent = livestream->line_used = 0;
	livestream->ended_by[0] = '\0';
	livestream->is_cut_off = livestream->is_let_go = false;
	livestream->status = -1;
	if (!argv)
		failure_nomem(why);
	else if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
		 pipe2(err, O_CLOEXEC) < 0 || fcntl(in[1], F_SETFL, O_NONBLOCK) < 0 ||
		 fcntl(err[0], F_SETFL, O_NONBLOCK) < 0)
		failure_errno(why, "cannot run '%s'", argv[0]);
	else
		rc = process_start_group(&livestream->child, argv, in[0], out[1], err[1], why);
	fileio_close(&in[0]);
	fileio_close(&out[1]);
	fileio_close(&err[1]);
	livestream->out = out[0];
	livestream->lease = in[1];
	livestream->errors = err[0];
	livestream->has_ended = rc < 0;
	if (rc < 0) {
		fileio_close(&livestream->lease);
		fileio_close(&livestream->errors);
	}
	return rc;
}

/* Writes the rest of the job, or else a newline if a heartbeat is due. A newline that does not fit
 * into the pipe is dropped: the engine reads nothing, and its lease will end. */
static void
write_lease(struct livestream *livestream, const char *job, bool is_heartbeat)
{
	const size_t left = strlen(job + livestream->sent);
	ssize_t n = 0;

	if (left)
		n = write(livestream->lease, job + livestream->sent, left);
	else if (is_heartbeat)
		n = write(livestream->lease, "\n", 1);
	if (left && n > 0)
		livestream->sent += (size_t)n;
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		fileio_close(&livestream->lease);
}

static bool
has_said(const struct livestream *livestream, const char *line)
{
	const size_t length = strlen(line);

	for (const char *said = livestream->said; *said; said += strcspn(said, "\n") + 1)
		if (strncmp(said, line, length) == 0 && said[length] == '\n')
			return true;
	return false;
}

/* Keeps the line behind those before, of which the first give way. */
static void
keep_said(struct livestream *livestream, const char *line)
{
	char *said = livestream->said;
	const size_t length = strlen(line) + 1;

	while (*said && strlen(said) + length >= sizeof(livestream->said))
		memmove(said, strchr(said, '\n') + 1, strlen(strchr(said, '\n')));
	snprintf(said + strlen(said), sizeof(livestream->said) - strlen(said), "%s\n", line);
}

/* Whether a line more of this second is reported; of the first that is not, that is. */
static bool
may_tell(struct livestream *livestream, livestream_report *report)
{
	const int64_t now_ns = clock_monotonic_ns();

	if (now_ns - livestream->told_ns >= NS_PER_SECOND) {
		livestream->told_ns = now_ns;
		livestream->told = 0;
	}
	if (livestream->told++ == LINES_MOST)
		report(livestream, "more is said than is shown");
	return livestream->told <= LINES_MOST;
}

static void
tell(struct livestream *livestream, const char *line, livestream_report *report)
{
	const char *reason =
	    strncmp(line, SPEAKER, strlen(SPEAKER)) == 0 ? strstr(line, REASON) : NULL;

	if (reason) {
		reason += strlen(REASON);
		snprintf(livestream->ended_by, sizeof(livestream->ended_by), "%.*s",
			 (int)strcspn(reason, ", "), reason);
	}
	if (livestream->is_lost && has_said(livestream, line))
		return;
	keep_said(livestream, line);
	if (may_tell(livestream, report))
		report(livestream, line);
}

/* Reports complete lines, as many as a pipe has at most: an engine that says more is not to keep this process
 * from the others. One longer than the buffer is reported in pieces. */
static void
read_errors(struct livestream *livestream, livestream_report *report)
{
	char *line = livestream->line, *end;
	ssize_t n = 0;

	for (int reads = 0; reads < READS_MOST; reads++) {
		n = read(livestream->errors, line + livestream->line_used,
			 sizeof(livestream->line) - 1 - livestream->line_used);
		if (n <= 0)
			break;
		livestream->line_used += (size_t)n;
		line[livestream->line_used] = '\0';
		while ((end = memchr(line, '\n', livestream->line_used)) ||
		       livestream->line_used == sizeof(livestream->line) - 1) {
			size_t used = end ? (size_t)(end - line) + 1 : livestream->line_used;

			if (end)
				*end = '\0';
			if (end > line && end[-1] == '\r') /* as ssh ends its own */
				end[-1] = '\0';
			tell(livestream, line, report);
			livestream->line_used -= used;
			memmove(line, line + used, livestream->line_used + 1);
		}
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		fileio_close(&livestream->errors);
}

void
livestream_reap(struct livestream *livestream, livestream_report *report)
{
	if (livestream->has_ended)
		return;
	livestream->status = process_wait(&livestream->child, 0);
	/* ssh has a status of its own for that. */
	if (livestream->is_cut_off && livestream->status != EXIT_DONE &&
	    livestream->status != EXIT_PARTIAL)
		livestream->status = EXIT_TIMEOUT;
	livestream->has_ended = true;
	if (livestream->errors >= 0)
		read_errors(livestream, report);
	if (livestream->line_used)
		tell(livestream, livestream->line, report);
	livestream->line_used = 0;
	fileio_close(&livestream->errors);
	fileio_close(&livestream->lease);
}

void
livestream_watch(const struct livestream *livestream, const char *job, struct pollfd *pollers)
{
	const short wanted = livestream->lease >= 0 && job[livestream->sent] ? POLLOUT : 0;

	pollers[LEASE] = (struct pollfd){wanted ? livestream->lease : -1, wanted, 0};
	pollers[ERRORS] = (struct pollfd){livestream->errors, POLLIN, 0};
	pollers[CHILD] =
	    (struct pollfd){livestream->has_ended ? -1 : livestream->child.handle, POLLIN, 0};
}

void
livestream_serve(struct livestream *livestream, const char *job, enum livestream_renewal renewal,
		 const struct pollfd *pollers, livestream_report *report)
{
	const bool renews = renewal == LIVESTREAM_RENEW;

	if (livestream->lease >= 0 && (renews || pollers[LEASE].revents))
		write_lease(livestream, job, renews);
	if (pollers[ERRORS].revents)
		read_errors(livestream, report);
	if (pollers[CHILD].revents)
		livestream_reap(livestream, report);
}

void
livestream_release(struct livestream *livestream)
{
	fileio_close(&livestream->lease);
}

void
livestream_cut_off(struct livestream *livestream)
{
	livestream->is_cut_off = !livestream->has_ended;
	if (livestream->is_cut_off)
		kill(-livestream->child.pid, SIGTERM);
}

void
livestream_let_go(struct livestream *livestream, livestream_report *report)
{
	livestream->is_let_go = true;
	if (!livestream_has_failed(livestream)) /* else it has said why */
		report(livestream, "what it sends cannot be merged: it is let go");
	livestream_release(livestream);
	livestream_cut_off(livestream);
}

bool
livestream_is_complete(const struct livestream *livestream, enum livestream_limits limits)
{
	const char *reason = livestream->ended_by;

	if (*reason)
		return strcmp(reason, "time") == 0 || strcmp(reason, "count") == 0;
	return livestream->status == EXIT_DONE && limits == LIVESTREAM_LIMITED;
}

bool
livestream_has_failed(const struct livestream *livestream)
{
	return livestream->has_ended && livestream->status != EXIT_DONE &&
	       livestream->status != EXIT_PARTIAL;
}

/* Whether one of its lines is that of somebody who refuses, or of a host without vcap. */
static bool
has_told_refusal(const struct livestream *livestream)
{
	char line[sizeof(livestream->line)];
	size_t length;

	for (const char *said = livestream->said; *said; said += length + 1) {
		length = strcspn(said, "\n");
		snprintf(line, sizeof(line), "%.*s", (int)length, said);
		/* ssh's words for a host key that it does not accept (sshconnect.c). */
		if (remedy_reach(line) == REMEDY_REFUSED ||
		    strncmp(line, "Host key verification failed.", 29) == 0)
			return true;
	}
	return false;
}

bool
livestream_may_return(const struct livestream *livestream)
{
	if (livestream->has_begun)
		return true;
	switch (livestream->status) {
	case -1:
	case EXIT_MISUSE:
	case EXIT_NOT_EXECUTABLE:
	case EXIT_NOT_FOUND: return false;
	default: return !has_told_refusal(livestream);
	}
}
