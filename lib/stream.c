#include "stream.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Each stream has three descriptors that are watched. */
enum { LEASE, ERRORS, CHILD, WATCHED };

static void
close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int
stream_start(struct stream *stream, const char *engine, char *const *argv, struct failure *why)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, rc = -1;

	*stream = (struct stream){.engine = engine, .status = -1, .has_ended = true};
	stream->child = CHILD_INIT;
	stream->out = stream->lease = stream->errors = -1;
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 ||
	    fcntl(in[1], F_SETFL, O_NONBLOCK) < 0 || fcntl(err[0], F_SETFL, O_NONBLOCK) < 0)
		failure_errno(why, "cannot run '%s'", argv[0]);
	else
		rc = child_start(&stream->child, argv, in[0], out[1], err[1], why);
	close_one(&in[0]);
	close_one(&out[1]);
	close_one(&err[1]);
	stream->out = out[0];
	stream->lease = in[1];
	stream->errors = err[0];
	stream->has_ended = rc < 0;
	if (rc < 0) {
		close_one(&stream->lease);
		close_one(&stream->errors);
	}
	return rc;
}

/* A job that is on its way goes first; then a newline, which a full pipe may do without: nobody
 * reads it then, and the engine will end. */
static void
send_some(struct stream *stream, const char *job, bool is_beat)
{
	const size_t left = strlen(job + stream->sent);
	ssize_t n = 0;

	if (left)
		n = write(stream->lease, job + stream->sent, left);
	else if (is_beat)
		n = write(stream->lease, "\n", 1);
	if (left && n > 0)
		stream->sent += (size_t)n;
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		close_one(&stream->lease);
}

/* Passes on the lines that have come; those that are too long in pieces. */
static void
read_errors(struct stream *stream, stream_told *told)
{
	char *line = stream->line, *end;
	ssize_t n;

	for (;;) {
		n = read(stream->errors, line + stream->line_used,
			 sizeof(stream->line) - 1 - stream->line_used);
		if (n <= 0)
			break;
		stream->line_used += (size_t)n;
		line[stream->line_used] = '\0';
		while ((end = memchr(line, '\n', stream->line_used)) ||
		       stream->line_used == sizeof(stream->line) - 1) {
			size_t used = end ? (size_t)(end - line) + 1 : stream->line_used;

			if (end)
				*end = '\0';
			told(stream, line);
			stream->line_used -= used;
			memmove(line, line + used, stream->line_used + 1);
		}
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_one(&stream->errors);
}

/* Takes the end of a stream's command. */
static void
finish(struct stream *stream, int64_t timeout_ns, stream_told *told)
{
	stream->status = child_wait(&stream->child, timeout_ns);
	stream->has_ended = true;
	if (stream->errors >= 0)
		read_errors(stream, told);
	if (stream->line_used)
		told(stream, stream->line);
	stream->line_used = 0;
	close_one(&stream->errors);
	close_one(&stream->lease);
	told(stream, NULL);
}

static void
watch(const struct stream *stream, const char *job, struct pollfd *pollers)
{
	const short wanted = stream->lease >= 0 && job[stream->sent] ? POLLOUT : 0;

	pollers[LEASE] = (struct pollfd){wanted ? stream->lease : -1, wanted, 0};
	pollers[ERRORS] = (struct pollfd){stream->errors, POLLIN, 0};
	pollers[CHILD] = (struct pollfd){stream->has_ended ? -1 : stream->child.handle, POLLIN, 0};
}

static void
tend(struct stream *stream, const char *job, bool is_beat, const struct pollfd *pollers,
     stream_told *told)
{
	if (stream->lease >= 0 && (is_beat || pollers[LEASE].revents))
		send_some(stream, job, is_beat);
	if (pollers[ERRORS].revents)
		read_errors(stream, told);
	if (pollers[CHILD].revents)
		finish(stream, 0, told);
}

static bool
have_ended(const struct stream *streams, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!streams[i].has_ended)
			return false;
	return true;
}

/* Until end_ns, or what else ends it. */
static bool
tend_until(struct stream *streams, size_t count, const char *job, int64_t every_ns,
	   const struct child *reader, int64_t end_ns, const void *signals, struct pollfd *pollers,
	   stream_told *told)
{
	int64_t beat_ns = clock_monotonic_ns() + every_ns, now_ns = clock_monotonic_ns();

	while (now_ns < end_ns && (reader || !have_ended(streams, count))) {
		const int64_t next_ns = beat_ns < end_ns ? beat_ns : end_ns;
		const int64_t left_ns = next_ns > now_ns ? next_ns - now_ns : 0;
		const struct timespec left = {left_ns / 1000000000, left_ns % 1000000000};
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
streams_tend(struct stream *streams, size_t count, const char *job, int64_t every_ns,
	     const struct child *reader, int64_t timeout_ns, const void *signals, stream_told *told)
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
streams_let_go(struct stream *streams, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close_one(&streams[i].lease);
}

void
streams_end(struct stream *streams, size_t count, stream_told *told)
{
	for (size_t i = 0; i < count; i++)
		if (!streams[i].has_ended)
			kill(streams[i].child.pid, SIGTERM);
	for (size_t i = 0; i < count; i++)
		if (!streams[i].has_ended)
			finish(&streams[i], 0, told);
}
