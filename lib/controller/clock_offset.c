/*
 * In an exchange this host reads its clock (a), the engine reads its own (T), and this host reads
 * its clock again (b). The engine's reading lies between a and b, so its clock is ahead by T - (a +
 * b) / 2, with an error of at most (b - a) / 2 however asymmetric the path is (RFC 5905 section 8,
 * with no delay between the engine's receipt and its reply). This is a bound, not an estimate, and
 * the shortest of several exchanges has the smallest. All use one session: the first may wait for a
 * login, the others are as fast as the network.
 */
#include "controller/clock_offset.h"

#include "base/clock.h"
#include "base/errtext.h"
#include "base/parse.h"
#include "base/process.h"
#include "base/strvec.h"
#include "base/text.h"
#include "controller/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX 64 /* bytes of a time and its newline */
#define TIMEOUT_NS (10 * NS_PER_SECOND)
#define BEHIND_NS  NS_PER_SECOND /* until the command has ended that has no more input */

/* Reads one line from fd, without its newline, until the limit (monotonic). */
static int
read_line(int fd, char line[ANSWER_MAX], int64_t limit)
{
	size_t length = 0;

	while (length < ANSWER_MAX) {
		struct pollfd poller = {fd, POLLIN, 0};
		int64_t left = limit - clock_monotonic_ns();
		ssize_t n;

		if (left <= 0 || poll(&poller, 1, (int)(left / 1000000) + 1) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		n = recv(fd, line + length, ANSWER_MAX - length, MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : ECONNRESET;
			return -1;
		}
		length += (size_t)n;
		if (line[length - 1] == '\n') {
			line[length - 1] = '\0';
			return 0;
		}
	}
	errno = EMSGSIZE;
	return -1;
}

void
clock_offset_exchange(struct clock_offset *best, int64_t before, int64_t there, int64_t after)
{
	if (after < before || (after - before + 1) / 2 >= best->error_ns)
		return;
	best->error_ns = (after - before + 1) / 2;
	best->offset_ns = there - (before + (after - before) / 2);
}

/* Makes one exchange, whose result replaces *best if it was shorter. */
static int
exchange(int fd, struct clock_offset *best, const char *engine, struct failure *why)
{
	char line[ANSWER_MAX];
	int64_t limit = clock_monotonic_ns() + TIMEOUT_NS;
	int64_t before = clock_realtime_ns(), after, there;

	/* MSG_NOSIGNAL: if the command has ended that is EPIPE, not SIGPIPE. */
	if (send(fd, "\n", 1, MSG_NOSIGNAL) != 1 || read_line(fd, line, limit) < 0)
		return failure_errno(why, "engine '%s' did not send its time", engine);
	after = clock_realtime_ns();
	if (parse_offset(line, &there, NULL) < 0 || there < 0)
		return failure_set(why, "engine '%s' sent something other than its time: '%s'",
				   engine, line);
	clock_offset_exchange(best, before, there, after);
	return 0;
}

/* Starts the command that answers. *fd is connected to its standard input and output. */
static int
start(struct process *child, const char *engine, int *fd, int err, struct failure *why)
{
	char **argv = commands_clock(engine);
	int ends[2], rc;

	if (!argv)
		return failure_nomem(why);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		strvec_free(argv);
		return failure_errno(why, "cannot ask engine '%s'", engine);
	}
	rc = process_start(child, argv, ends[1], ends[1], err, why);
	strvec_free(argv);
	close(ends[1]);
	if (rc < 0)
		close(ends[0]);
	else
		*fd = ends[0];
	return rc;
}

/* Tells what comes behind the answers: a login shell may print as it ends. */
static void
tell_behind(int fd, const char *engine, struct failure *behind)
{
	const int64_t limit = clock_monotonic_ns() + BEHIND_NS;
	char line[ANSWER_MAX], shown[4 * ANSWER_MAX];

	*behind = FAILURE_INIT;
	memset(line, 0, sizeof(line));
	shutdown(fd, SHUT_WR);
	if (read_line(fd, line, limit) < 0 && (errno == ETIMEDOUT || !line[0]))
		return;
	line[sizeof(line) - 1] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	failure_set(behind, "what reaches %s prints behind what it is asked: '%s'", engine,
		    text_escape(shown, sizeof(shown), line));
}

int
clock_offset_measure(struct clock_offset *offset, const char *engine, unsigned exchanges,
		     struct failure *behind, struct failure *why)
{
	struct clock_offset best = CLOCK_OFFSET_INIT;
	struct errtext said = errtext_open();
	struct process child;
	int fd = -1, rc = start(&child, engine, &fd, said.fd, why);

	*behind = FAILURE_INIT;
	if (rc < 0) {
		errtext_show(&said);
		return -1;
	}
	for (unsigned i = 0; i < exchanges && rc == 0; i++)
		rc = exchange(fd, &best, engine, why);
	if (rc == 0)
		tell_behind(fd, engine, behind);
	close(fd);
	process_wait(&child, 2 * NS_PER_SECOND);
	errtext_show(&said);
	if (rc == 0 && best.error_ns == INT64_MAX)
		rc = failure_set(why, "the clock of this host was set during the exchanges");
	if (rc == 0)
		*offset = best;
	return rc;
}

const char *
clock_offset_print(const struct clock_offset *offset, char text[CLOCK_OFFSET_TEXT])
{
	snprintf(text, CLOCK_OFFSET_TEXT, "%s" CLOCK_FORMAT " " CLOCK_FORMAT,
		 offset->offset_ns < 0 ? "-" : "", CLOCK_ARGS(llabs(offset->offset_ns)),
		 CLOCK_ARGS(offset->error_ns));
	return text;
}

bool
clock_offset_read(struct clock_offset *offset, const struct keyval *kv, const char *key)
{
	const char *value = keyval_get(kv, key), *blank = value ? strchr(value, ' ') : NULL;
	struct clock_offset read;
	char number[CLOCK_OFFSET_TEXT];

	if (!blank || blank - value >= CLOCK_OFFSET_TEXT)
		return false;
	snprintf(number, sizeof(number), "%.*s", (int)(blank - value), value);
	if (parse_offset(number, &read.offset_ns, NULL) < 0 ||
	    parse_offset(blank + 1, &read.error_ns, NULL) < 0 || read.error_ns < 0 ||
	    llabs(read.offset_ns) > INT64_MAX / 4 || read.error_ns > INT64_MAX / 4)
		return false;
	*offset = read;
	return true;
}

void
clock_offset_correct(const char *engine, int64_t ns, struct strvec *options)
{
	strvec_pushf(options, "-o%s=%s" CLOCK_FORMAT, engine, ns < 0 ? "-" : "",
		     CLOCK_ARGS(llabs(ns)));
}

struct clock_offset
clock_offset_between(struct clock_offset one, struct clock_offset other)
{
	int64_t distance = llabs(one.offset_ns - other.offset_ns);

	return (struct clock_offset){
	    .offset_ns = one.offset_ns + (other.offset_ns - one.offset_ns) / 2,
	    .error_ns = (one.error_ns > other.error_ns ? one.error_ns : other.error_ns) +
			(distance + 1) / 2,
	};
}

bool
clock_offset_is_certain(const struct clock_offset *offset)
{
	return llabs(offset->offset_ns) > offset->error_ns;
}
