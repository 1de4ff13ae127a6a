/*
 * `vcap-host answer` prints its line before it executes anything. So an engine that has ended
 * without the line has not run the command, and one that does not know the request, as 0.1.0 or an
 * engine that says nothing at all, can be asked in the plain way, without running anything twice.
 * That needs the input again: a file is read from where it was, and nothing else is touched before a
 * harmless request has shown that the engine knows how to answer.
 *
 * Until the line has come, messages are held back: those of an attempt that is made again in the
 * plain way are nobody's business.
 *
 * What takes long there takes it behind the line, which has a deadline: an engine that prints something else is
 * at a login shell's menu or prompt, and one that prints nothing hangs.
 */
#include "controller/framed.h"

#include "base/answer.h"
#include "base/clock.h"
#include "base/exitcode.h"
#include "base/fileio.h"
#include "base/process.h"
#include "base/strvec.h"
#include "base/text.h"
#include "controller/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK      ((size_t)1 << 20) /* bytes passed on at once, and of the pipe */
#define SAID_MAX   ((size_t)64 << 10)
#define LINE_TOLD  120 /* bytes told of a line */

#define SILENCE_NS (60 * NS_PER_SECOND) /* until the first byte, with all attempts of ssh */
#define BEFORE_NS  (12 * NS_PER_SECOND) /* from there to the answer, for the scripts of a login */

struct attempt {
	const struct engine *engine;
	int out, err; /* to read from; -1: at their end */
	int to;       /* for the answer; -1: nowhere */
	char mark[ANSWER_MARK];
	size_t mark_length;
	bool has_mark, has_passed; /* the answer has begun; messages are not held back */
	int64_t end_ns;            /* monotonic: when it has to have begun */
	size_t used, said_used;
	char before[ANSWER_BEFORE + ANSWER_MARK];
	char said[SAID_MAX + 1];
};

char **
framed_command(const char *nonce, char *const *command)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-host", "answer", nonce, "--", NULL);
	strvec_pushv(&argv, command);
	return strvec_detach(&argv);
}

/* What runs the words there, from here: the transport, or for ssh, whose connection may be made
 * again, vcap-on. */
static char **
way_to(const struct engine *engine, char *const *words)
{
	struct strvec argv = STRVEC_INIT;

	if (engine->transport != ENGINE_SSH)
		return transport_command(engine, words);
	strvec_pushl(&argv, "vcap-on", "--", engine->name, NULL);
	strvec_pushv(&argv, words);
	return strvec_detach(&argv);
}

/* The first line that is not blank of what was printed before the answer. */
static const char *
first_line(const char *text, size_t size, char line[LINE_TOLD])
{
	char raw[LINE_TOLD];
	size_t at = 0, length = 0;

	while (at < size && strchr(" \t\r\n", text[at]))
		at++;
	while (at < size && length + 1 < sizeof(raw) && !strchr("\r\n", text[at]))
		raw[length++] = text[at++];
	raw[length] = '\0';
	return text_escape(line, LINE_TOLD, raw);
}

static int
fail_to_answer(const struct attempt *attempt, struct failure *why)
{
	char line[LINE_TOLD];

	if (attempt->used == 0)
		return failure_set(why, "engine '%s' did not answer in time",
				   attempt->engine->name);
	return failure_set(why, "engine '%s' did not answer: '%s'", attempt->engine->name,
			   first_line(attempt->before, attempt->used, line));
}

/* From now on messages are passed on as they come. */
static void
pass_messages(struct attempt *attempt)
{
	if (!attempt->has_passed && attempt->to >= 0)
		(void)!fileio_write_all(STDERR_FILENO, attempt->said, attempt->said_used);
	attempt->has_passed = true;
}

static void
read_messages(struct attempt *attempt)
{
	char *room = attempt->said + attempt->said_used;
	ssize_t n = read(attempt->err, room, SAID_MAX - attempt->said_used);

	if (n > 0)
		attempt->said_used += (size_t)n;
	else if (n == 0 || errno != EINTR)
		fileio_close(&attempt->err);
	if (!attempt->has_passed && attempt->said_used == SAID_MAX)
		pass_messages(attempt);
	else if (attempt->has_passed && n > 0 && attempt->to >= 0)
		(void)!fileio_write_all(STDERR_FILENO, room, (size_t)n);
	if (attempt->has_passed)
		attempt->said_used = 0;
}

static int
write_answer(const struct attempt *attempt, const char *bytes, size_t size, struct failure *why)
{
	if (attempt->to < 0 || fileio_write_all(attempt->to, bytes, size) == 0)
		return 0;
	return failure_errno(why, "cannot pass on the answer of engine '%s'",
			     attempt->engine->name);
}

/* Reads what is printed before the answer, and the beginning of that. */
static int
find_answer(struct attempt *attempt, struct failure *why)
{
	ssize_t n = read(attempt->out, attempt->before + attempt->used,
			 sizeof(attempt->before) - attempt->used);
	char *mark, *answer;
	size_t size;

	if (n <= 0) {
		if (n == 0 || errno != EINTR)
			fileio_close(&attempt->out);
		return 0;
	}
	if (attempt->used == 0)
		attempt->end_ns = clock_monotonic_ns() + BEFORE_NS;
	attempt->used += (size_t)n;
	mark = memmem(attempt->before, attempt->used, attempt->mark, attempt->mark_length);
	if (!mark)
		return attempt->used < sizeof(attempt->before) ? 0 : fail_to_answer(attempt, why);
	answer = mark + attempt->mark_length;
	size = attempt->used - (size_t)(answer - attempt->before);
	attempt->used = (size_t)(mark - attempt->before);
	attempt->has_mark = true;
	pass_messages(attempt);
	return write_answer(attempt, answer, size, why);
}

/* Passes on what there is of the answer. */
static int
pass_answer(struct attempt *attempt, struct failure *why)
{
	static char bytes[64 << 10];
	ssize_t n = -1;

	if (attempt->to >= 0)
		n = splice(attempt->out, NULL, attempt->to, NULL, CHUNK, 0);
	/* There are descriptors that splice(2) does not write to, such as one that appends. */
	if (attempt->to < 0 || (n < 0 && errno == EINVAL)) {
		n = read(attempt->out, bytes, sizeof(bytes));
		if (n > 0)
			return write_answer(attempt, bytes, (size_t)n, why);
	}
	if (n == 0)
		fileio_close(&attempt->out);
	if (n < 0 && errno != EINTR && errno != EAGAIN)
		return failure_errno(why, "cannot pass on the answer of engine '%s'",
				     attempt->engine->name);
	return 0;
}

/* How long to wait for what happens next, for poll(); 0: it ought to have answered. */
static int
patience(const struct attempt *attempt)
{
	const int64_t left_ns = attempt->end_ns - clock_monotonic_ns();

	if (attempt->has_mark)
		return -1;
	return left_ns > 0 ? (int)(left_ns / 1000000) + 1 : 0;
}

/* Until the command has ended and all of it has been passed on. What it may have left behind keeps
 * the pipes open and is not waited for. */
static int
serve(struct attempt *attempt, const struct process *child, struct failure *why)
{
	bool has_ended = false;
	int rc = 0;

	while (rc == 0) {
		struct pollfd pollers[] = {{attempt->out, POLLIN, 0},
					   {attempt->err, POLLIN, 0},
					   {has_ended ? -1 : child->handle, POLLIN, 0}};
		const int ready = poll(pollers, 3, has_ended ? 0 : patience(attempt));

		if (ready == 0 && has_ended)
			break;
		if (ready == 0 && patience(attempt) == 0)
			rc = fail_to_answer(attempt, why);
		if (ready < 0)
			continue;
		if (pollers[0].revents)
			rc = attempt->has_mark ? pass_answer(attempt, why)
					       : find_answer(attempt, why);
		if (pollers[1].revents)
			read_messages(attempt);
		if (pollers[2].revents)
			has_ended = true;
	}
	return rc;
}

/* Whether it has ended as an engine does that does not know `answer`: one of 0.1.0 and its gate say
 * so, others may say nothing. */
static bool
is_unknown(int status, size_t printed, const char *said)
{
	return status == EXIT_DONE ? printed == 0
				   : status == EXIT_MISUSE && strstr(said, "'answer'");
}

/* As framed_run, with this input. */
static int
try(struct attempt *attempt, char *const *argv, int in, struct failure *why)
{
	int out[2] = {-1, -1}, err[2] = {-1, -1}, rc = -1, status;
	struct process child;

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		failure_errno(why, "cannot make a pipe");
	else
		rc = process_start(&child, argv, in, out[1], err[1], why);
	fileio_close(&out[1]);
	fileio_close(&err[1]);
	attempt->out = out[0];
	attempt->err = err[0];
	if (rc == 0) {
		/* Larger steps for whole captures; a small pipe does as well. */
		(void)!fcntl(attempt->out, F_SETPIPE_SZ, (int)CHUNK);
		rc = serve(attempt, &child, why);
		status = process_wait(&child, rc < 0 ? 0 : -1);
		if (rc == 0 && !attempt->has_mark && !attempt->has_passed &&
		    is_unknown(status, attempt->used, attempt->said))
			rc = FRAMED_UNKNOWN;
		else if (rc < 0)
			rc = EXIT_FAILED;
		else
			rc = status;
	}
	fileio_close(&attempt->out);
	fileio_close(&attempt->err);
	return rc;
}

/* One attempt: the answer goes to the descriptor `to`. */
static int
attempt_run(struct attempt *attempt, char *const *command, int in, int to, struct failure *why)
{
	char nonce[ANSWER_NONCE], **words, **argv;
	int status;

	attempt->to = to;
	attempt->has_mark = attempt->has_passed = false;
	attempt->used = attempt->said_used = 0;
	attempt->end_ns = clock_monotonic_ns() + SILENCE_NS;
	memset(attempt->said, 0, sizeof(attempt->said));
	if (answer_draw(nonce, why) < 0)
		return -1;
	attempt->mark_length = answer_mark(nonce, attempt->mark);
	words = framed_command(nonce, command);
	argv = words ? way_to(attempt->engine, words) : NULL;
	status = argv ? try(attempt, argv, in, why) : failure_nomem(why);
	strvec_free(words);
	strvec_free(argv);
	return status;
}

/* Says why an attempt failed that has not found the answer. Returns its status, which is not 0 then. */
static int
settle(struct attempt *attempt, int status, struct failure *why)
{
	if (status < 0 || attempt->has_mark || why->text[0])
		return status;
	if (attempt->used > 0 && (status == EXIT_DONE || attempt->said_used == 0))
		fail_to_answer(attempt, why);
	attempt->to = STDERR_FILENO;
	pass_messages(attempt);
	return status == EXIT_DONE ? EXIT_FAILED : status;
}

/* Whether what is read from standard input can be read again, and from where (0 if not). */
static bool
is_input_repeatable(off_t *offset)
{
	struct stat st;

	*offset = 0;
	if (fstat(STDIN_FILENO, &st) < 0)
		return true;
	if (S_ISREG(st.st_mode))
		*offset = lseek(STDIN_FILENO, 0, SEEK_CUR);
	return S_ISREG(st.st_mode) || (S_ISCHR(st.st_mode) && !isatty(STDIN_FILENO));
}

/* Whether the engine was reached and has a vcap. */
static bool
is_there(int status)
{
	return status != EXIT_NOT_REACHED && status != EXIT_NOT_FOUND &&
	       status != EXIT_NOT_EXECUTABLE;
}

static int
run(struct attempt *attempt, char *const *command, struct failure *why)
{
	char *const harmless[] = {"vcap-host", "clock", NULL};
	off_t offset;
	int status;

	if (!is_input_repeatable(&offset)) {
		status = attempt_run(attempt, harmless, -1, -1, why);
		/* A request may fail, and another not. */
		if (status < 0 || why->text[0] || (!attempt->has_mark && !is_there(status)))
			return settle(attempt, status, why);
	}
	status =
	    settle(attempt, attempt_run(attempt, command, STDIN_FILENO, STDOUT_FILENO, why), why);
	if (status == FRAMED_UNKNOWN && offset >= 0)
		(void)!lseek(STDIN_FILENO, offset, SEEK_SET);
	return status;
}

int
framed_run(const struct engine *engine, char *const *command, enum framed_before before,
	   struct failure *why)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	char line[LINE_TOLD];
	int status;

	*why = FAILURE_INIT;
	if (!attempt)
		return failure_nomem(why);
	attempt->engine = engine;
	status = run(attempt, command, why);
	if (before == FRAMED_TELL && attempt->has_mark && !why->text[0] &&
	    *first_line(attempt->before, attempt->used, line))
		failure_set(why, "%s%s prints: '%s'",
			    engine->transport == ENGINE_SSH ? "the login shell of "
							    : "what reaches ",
			    engine->name, line);
	free(attempt);
	return status;
}

char *
framed_take(const char *name, const char *nonce, int *status, char *out, const char *err,
	    char **said)
{
	char mark[ANSWER_MARK], line[LINE_TOLD], *answer;
	const size_t length = answer_mark(nonce, mark), size = strlen(out);

	*said = NULL;
	answer = strstr(out, mark);
	if (answer && answer - out <= (ptrdiff_t)ANSWER_BEFORE)
		return answer + length;
	if (is_unknown(*status, size, err))
		*status = FRAMED_UNKNOWN;
	else if (size > 0 && (*status == EXIT_DONE || *status == EXIT_TIMEOUT || !*err) &&
		 asprintf(said, "%svcap-on: engine '%s' did not answer: '%s'\n", err, name,
			  first_line(out, size, line)) < 0)
		*said = NULL;
	if (*status == EXIT_DONE)
		*status = EXIT_FAILED;
	return out + size;
}
