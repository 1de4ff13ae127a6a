/*
 * The time of an answer was taken when the engine read the request, and its line is sent before the
 * rest, so an exchange ends when that line is here, however long the status takes.
 *
 * What comes before the engine's `vcap-answer` line is a login shell's or a banner's (answer.h). A
 * line that was not asked for, or is none of this protocol, breaks the session: what sends it is not
 * believed any further.
 */
#include "controller/follow.h"

#include "base/clock.h"
#include "base/exitcode.h"
#include "base/parse.h"
#include "base/strvec.h"
#include "controller/commands.h"
#include "controller/framed.h"
#include "controller/reason.h"
#include "controller/transport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MOST ((size_t)256 << 10) /* bytes of an answer */
#define ROOM_LEAST  4096
#define SAID_MOST   (64u << 10)
#define END_NS      NS_PER_SECOND

/* What runs there. With `local` there is no shell in between that could print; otherwise sets the
 * mark. NULL with why. */
static char **
command_for(struct follow *follow, const struct engine *engine, char *const *command,
	    struct failure *why)
{
	char nonce[ANSWER_NONCE], **framed = NULL, **argv;

	follow->has_mark = engine->transport == ENGINE_LOCAL;
	if (!follow->has_mark) {
		if (answer_draw(nonce, why) < 0)
			return NULL;
		follow->mark_length = answer_mark(nonce, follow->mark);
		framed = framed_command(nonce, command);
		command = framed;
	}
	argv = command ? transport_command(engine, command) : NULL;
	strvec_free(framed);
	if (!argv)
		failure_nomem(why);
	return argv;
}

static char **
told_for(const char *name, char *const *command)
{
	struct strvec words = STRVEC_INIT;

	strvec_pushl(&words, "vcap-on", name, NULL);
	strvec_pushv(&words, command);
	return strvec_detach(&words);
}

static int
start(struct follow *follow, const struct engine *engine, char *const *argv, struct failure *why)
{
	/* What ssh leaves behind is a connection that others share. */
	const bool is_ssh = engine->transport == ENGINE_SSH;
	int ends[2], rc;

	follow->said = process_output_open(SAID_MOST, why);
	if (follow->said < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return failure_errno(why, "cannot ask engine '%s'", engine->name);
	rc = (is_ssh ? process_start_apart : process_start_group)(&follow->child, argv, ends[1],
								  ends[1], follow->said, why);
	close(ends[1]);
	follow->fd = ends[0];
	return rc;
}

int
follow_open(struct follow *follow, const struct engine *engine, const char *directory,
	    const char *token, struct failure *why)
{
	char **command = commands_follow(engine->is_region, directory, token), **argv = NULL;
	int rc = -1;

	*follow = FOLLOW_INIT;
	follow->offset = CLOCK_OFFSET_INIT;
	follow->told = command ? told_for(engine->name, command) : NULL;
	if (!follow->told)
		failure_nomem(why);
	else if ((argv = command_for(follow, engine, command, why)))
		rc = start(follow, engine, argv, why);
	strvec_free(command);
	strvec_free(argv);
	if (rc < 0)
		follow_close(follow, NULL);
	return rc;
}

void
follow_ask(struct follow *follow, enum follow_request request)
{
	static const char *const lines[] = {[FOLLOW_CLOCK] = "clock\n",
					    [FOLLOW_STATUS] = "\n",
					    [FOLLOW_STOP] = "stop\n",
					    [FOLLOW_REMOVE] = "remove\n"};
	const char *line = lines[request];

	/* What has come since the last answer was not asked for. */
	if (follow->has_answered && follow->used > 0)
		follow->is_broken = true;
	follow->text = NULL;
	follow->asked = request;
	follow->asked_ns = clock_monotonic_ns();
	follow->before_ns = clock_realtime_ns();
	follow->has_time = false;
	/* A session that has ended, or reads nothing so that there is no room for one line. Its end is
	 * read next, and says why. */
	if (follow->is_broken || send(follow->fd, line, strlen(line),
				      MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)strlen(line))
		shutdown(follow->fd, SHUT_RDWR);
}

static int
make_room(struct follow *follow)
{
	const size_t size = follow->size + ROOM_LEAST > 2 * follow->size ? follow->size + ROOM_LEAST
									 : 2 * follow->size;
	char *larger;

	if (follow->size > follow->used + 1)
		return 0;
	larger = size <= ANSWER_MOST ? realloc(follow->buffer, size) : NULL;
	if (!larger)
		return -1;
	follow->buffer = larger;
	follow->size = size;
	return 0;
}

/* Drops the first size bytes. */
static void
drop(struct follow *follow, size_t size)
{
	follow->used -= size;
	memmove(follow->buffer, follow->buffer + size, follow->used);
}

/* Passes over what was printed before the first answer. False: that has not begun. */
static bool
find_mark(struct follow *follow)
{
	const char *mark;

	if (follow->has_mark)
		return true;
	mark = memmem(follow->buffer, follow->used, follow->mark, follow->mark_length);
	if (mark)
		drop(follow, (size_t)(mark - follow->buffer) + follow->mark_length);
	else if (follow->used > ANSWER_BEFORE)
		follow->is_broken = true;
	follow->has_mark = mark;
	return mark;
}

/* Takes the line of the time from the buffer. False: it is not there. */
static bool
take_time(struct follow *follow, int64_t now)
{
	char *end = follow->used ? memchr(follow->buffer, '\n', follow->used) : NULL;
	int64_t there;

	if (follow->has_time || !end)
		return follow->has_time;
	*end = '\0';
	if (strncmp(follow->buffer, "time ", 5) != 0 ||
	    parse_offset(follow->buffer + 5, &there, NULL) < 0 || there < 0) {
		follow->is_broken = true;
		return false;
	}
	clock_offset_exchange(&follow->offset, follow->before_ns, there, now);
	drop(follow, (size_t)(end + 1 - follow->buffer));
	follow->has_time = true;
	return true;
}

/* Where the empty line that ends the answer begins; NULL: it is not there. */
static char *
find_end(const struct follow *follow)
{
	char *end;

	if (follow->used > 0 && follow->buffer[0] == '\n')
		return follow->buffer;
	end = follow->used ? memmem(follow->buffer, follow->used, "\n\n", 2) : NULL;
	return end ? end + 1 : NULL;
}

static enum follow_event
take_answer(struct follow *follow)
{
	const enum follow_request asked = follow->asked;
	char *end = find_end(follow);

	if (!end)
		return FOLLOW_NOTHING;
	*end = '\0';
	follow->is_broken |= end + 1 != follow->buffer + follow->used;
	follow->used = 0;
	follow->has_answered = true;
	follow->asked = FOLLOW_NONE;
	follow->text = follow->buffer;
	if (asked == FOLLOW_CLOCK)
		return FOLLOW_TIMED;
	if (strncmp(follow->text, "failed ", 7) != 0)
		return FOLLOW_ANSWERED;
	follow->text += 7;
	return FOLLOW_REFUSED;
}

enum follow_event
follow_read(struct follow *follow)
{
	int64_t now;
	ssize_t n;

	if (make_room(follow) < 0)
		follow->is_broken = true;
	if (follow->is_broken)
		return FOLLOW_ENDED;
	n = recv(follow->fd, follow->buffer + follow->used, follow->size - follow->used - 1,
		 MSG_DONTWAIT);
	now = clock_realtime_ns();
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return process_ended(&follow->child, 0) ? FOLLOW_ENDED : FOLLOW_NOTHING;
	if (n <= 0)
		return FOLLOW_ENDED;
	follow->used += (size_t)n;
	if (find_mark(follow) && follow->asked != FOLLOW_NONE && take_time(follow, now))
		return take_answer(follow);
	return follow->is_broken ? FOLLOW_ENDED : FOLLOW_NOTHING;
}

/* Whether it has ended as an engine does that does not know sessions: as one of 0.1.0, or a gate
 * there, which refuse the command, or as one that answers without a word. */
static bool
is_unknown(const struct follow *follow, int status)
{
	return !follow->has_answered && !follow->is_broken &&
	       (status == EXIT_MISUSE || (status == EXIT_DONE && follow->used == 0));
}

void
follow_close(struct follow *follow, struct follow_end *end)
{
	const bool has_ended = follow->fd >= 0 && !follow->is_broken;
	int status = EXIT_FAILED;
	char *said;

	if (follow->fd >= 0)
		close(follow->fd);
	if (follow->child.handle >= 0)
		status = process_wait(&follow->child, has_ended && end ? END_NS : 0);
	said = follow->said >= 0 ? process_output_text(follow->said) : NULL;
	if (end) {
		*end = (struct follow_end){.status = status, .said = said};
		end->is_unknown = is_unknown(follow, status);
		if (follow->is_broken)
			end->reason = strdup("its answer is none of vcap's");
		else
			end->reason = reason_find(follow->told, status, said ? said : "");
		if (end->status == EXIT_DONE || follow->is_broken)
			end->status = EXIT_FAILED;
	} else {
		free(said);
	}
	if (follow->said >= 0)
		close(follow->said);
	strvec_free(follow->told);
	free(follow->buffer);
	*follow = FOLLOW_INIT;
}
