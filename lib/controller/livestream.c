#include "controller/livestream.h"

#include "base/clock.h"
#include "base/fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Each livestream has three descriptors that are watched. */
enum { LEASE, ERRORS, CHILD, WATCHED };

int
livestream_start(struct livestream *livestream, const char *engine, char *const *argv,
		 struct failure *why)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, rc = -1;

	*livestream = (struct livestream){.engine = engine, .status = -1, .has_ended = true};
	livestream->child = PROCESS_INIT;
	livestream->out = livestream->lease = livestream->errors = -1;
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 ||
	    fcntl(in[1], F_SETFL, O_NONBLOCK) < 0 || fcntl(err[0], F_SETFL, O_NONBLOCK) < 0)
		failure_errno(why, "cannot run '%s'", argv[0]);
	else
		rc = process_start(&livestream->child, argv, in[0], out[1], err[1], why);
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

/* A job that is on its way goes first; then a newline, which a full pipe may do without: nobody
 * reads it then, and the engine will end. */
static void
send_some(struct livestream *livestream, const char *job, bool is_beat)
{
	const size_t left = strlen(job + livestream->sent);
	ssize_t n = 0;

	if (left)
		n = write(livestream->lease, job + livestream->sent, left);
	else if (is_beat)
		n = write(livestream->lease, "\n", 1);
	if (left && n > 0)
		livestream->sent += (size_t)n;
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		fileio_close(&livestream->lease);
}

/* Passes on the lines that have come; those that are too long in pieces. */
static void
read_errors(struct livestream *livestream, livestream_report *told)
{
	char *line = livestream->line, *end;
	ssize_t n;

	for (;;) {
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
			told(livestream, line);
			livestream->line_used -= used;
			memmove(line, line + used, livestream->line_used + 1);
		}
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		fileio_close(&livestream->errors);
}

/* Takes the end of a livestream's command. */
static void
finish(struct livestream *livestream, int64_t timeout_ns, livestream_report *told)
{
	livestream->status = process_wait(&livestream->child, timeout_ns);
	livestream->has_ended = true;
	if (livestream->errors >= 0)
		read_errors(livestream, told);
	if (livestream->line_used)
		told(livestream, livestream->line);
	livestream->line_used = 0;
	fileio_close(&livestream->errors);
	fileio_close(&livestream->lease);
	told(livestream, NULL);
}

static void
watch(const struct livestream *livestream, const char *job, struct pollfd *pollers)
{
	const short wanted = livestream->lease >= 0 && job[livestream->sent] ? POLLOUT : 0;

	pollers[LEASE] = (struct pollfd){wanted ? livestream->lease : -1, wanted, 0};
	pollers[ERRORS] = (struct pollfd){livestream->errors, POLLIN, 0};
	pollers[CHILD] =
	    (struct pollfd){livestream->has_ended ? -1 : livestream->child.handle, POLLIN, 0};
}

static void
tend(struct livestream *livestream, const char *job, bool is_beat, const struct pollfd *pollers,
     livestream_report *told)
{
	if (livestream->lease >= 0 && (is_beat || pollers[LEASE].revents))
		send_some(livestream, job, is_beat);
	if (pollers[ERRORS].revents)
		read_errors(livestream, told);
	if (pollers[CHILD].revents)
		finish(livestream, 0, told);
}

static bool
have_ended(const struct livestream *streams, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!streams[i].has_ended)
			return false;
	return true;
}

/* Until end_ns, or what else ends it. */
static bool
tend_until(struct livestream *streams, size_t count, const char *job, int64_t every_ns,
	   const struct process *reader, int64_t end_ns, const sigset_t *signals,
	   struct pollfd *pollers, livestream_report *told)
{
	int64_t beat_ns = clock_monotonic_ns() + every_ns, now_ns = clock_monotonic_ns();

	while (now_ns < end_ns && (reader || !have_ended(streams, count))) {
		const int64_t next_ns = beat_ns < end_ns ? beat_ns : end_ns;
		const int64_t left_ns = next_ns > now_ns ? next_ns - now_ns : 0;
		const struct timespec left = clock_timespec(left_ns);
		bool is_beat;
		int rc;

		for (size_t i = 0; i < count; i++)
			watch(&streams[i], job, pollers + WATCHED * i);
		pollers[WATCHED * count] = (struct pollfd){reader ? reader->handle : -1, POLLIN, 0};
		rc = ppoll(pollers, WATCHED * count + 1, &left, signals);
		if (rc < 0)
			return true;
		now_ns = clock_monotonic_ns();
		is_beat = now_ns >= beat_ns;
		if (is_beat)
			beat_ns = now_ns + every_ns;
		for (size_t i = 0; i < count; i++)
			tend(&streams[i], job, is_beat, pollers + WATCHED * i, told);
		if (pollers[WATCHED * count].revents)
			return false;
	}
	return true;
}

bool
livestreams_tend(struct livestream *streams, size_t count, const char *job, int64_t every_ns,
		 const struct process *reader, int64_t timeout_ns, const sigset_t *signals,
		 livestream_report *told)
{
	struct pollfd *pollers = calloc(WATCHED * count + 1, sizeof(*pollers));
	bool runs = true;

	if (pollers)
		runs = tend_until(streams, count, job, every_ns, reader,
				  timeout_ns < 0 ? INT64_MAX : clock_monotonic_ns() + timeout_ns,
				  signals, pollers, told);
	free(pollers);
	return runs;
}

void
livestreams_release(struct livestream *streams, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fileio_close(&streams[i].lease);
}

void
livestreams_end(struct livestream *streams, size_t count, livestream_report *told)
{
	for (size_t i = 0; i < count; i++)
		if (!streams[i].has_ended)
			kill(streams[i].child.pid, SIGTERM);
	for (size_t i = 0; i < count; i++)
		if (!streams[i].has_ended)
			finish(&streams[i], 0, told);
}
