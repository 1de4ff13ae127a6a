#include "controller/clock_session.h"

#include "base/clock.h"
#include "base/parse.h"
#include "base/strvec.h"
#include "controller/commands.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A clock of 200 ppm drifts by a millisecond meanwhile. */
#define EVERY_NS  (5 * NS_PER_SECOND)
#define ANSWER_NS (10 * NS_PER_SECOND)

static int
ask(struct clock_session *session)
{
	session->due_ns = clock_monotonic_ns() + ANSWER_NS;
	session->before_ns = clock_realtime_ns();
	return send(session->fd, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 ? 0 : -1;
}

static int
begin(struct clock_session *session)
{
	session->best = CLOCK_OFFSET_INIT;
	session->left = CLOCK_OFFSET_EXCHANGES;
	return ask(session);
}

int
clock_session_open(struct clock_session *session, const char *engine, struct failure *why)
{
	char **argv = commands_clock(engine);
	int ends[2], rc = -1;

	*session = CLOCK_SESSION_INIT;
	if (!argv)
		return failure_nomem(why);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		failure_errno(why, "cannot ask engine '%s'", engine);
	} else {
		rc = process_start_group(&session->child, argv, ends[1], ends[1], -1, why);
		close(ends[1]);
		if (rc < 0)
			close(ends[0]);
		else
			session->fd = ends[0];
	}
	strvec_free(argv);
	if (rc < 0)
		*session = CLOCK_SESSION_INIT;
	else
		(void)begin(session); /* if that fails, so does reading */
	return rc;
}

void
clock_session_close(struct clock_session *session)
{
	if (session->fd < 0)
		return;
	close(session->fd);
	process_wait(&session->child, 0);
	*session = CLOCK_SESSION_INIT;
}

int64_t
clock_session_due(const struct clock_session *session)
{
	return session->fd < 0 ? INT64_MAX : session->due_ns;
}

/* Reads up to a newline, which ends the answer: 1; 0: it is not whole; -1: nothing more comes. */
static int
read_answer(struct clock_session *session)
{
	const ssize_t n = recv(session->fd, session->line + session->used,
			       sizeof(session->line) - session->used, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	session->used += (size_t)n;
	if (session->line[session->used - 1] != '\n')
		return session->used < sizeof(session->line) ? 0 : -1;
	session->line[session->used - 1] = '\0';
	session->used = 0;
	return 1;
}

/* An answer has come. 1: it was the last. */
static int
take_answer(struct clock_session *session)
{
	const int64_t after_ns = clock_realtime_ns();
	int64_t there_ns;

	if (session->left == 0 || parse_offset(session->line, &there_ns, NULL) < 0 || there_ns < 0)
		return -1;
	clock_offset_exchange(&session->best, session->before_ns, there_ns, after_ns);
	if (--session->left > 0)
		return ask(session);
	session->due_ns = clock_monotonic_ns() + EVERY_NS;
	return 1;
}

enum clock_session_event
clock_session_serve(struct clock_session *session, struct clock_offset *offset)
{
	int rc = read_answer(session);

	if (rc > 0)
		rc = take_answer(session);
	else if (rc == 0 && clock_monotonic_ns() >= session->due_ns)
		rc = session->left > 0 ? -1 : begin(session);
	if (rc < 0)
		return CLOCK_SESSION_ENDED;
	if (rc == 0 || session->best.error_ns == INT64_MAX)
		return CLOCK_SESSION_NOTHING;
	*offset = session->best;
	return CLOCK_SESSION_MEASURED;
}
