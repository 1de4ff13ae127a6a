/*
 * An engine streams while newlines arrive on its standard input: the lease. They stop when this
 * process is killed, the link fails or the host hangs, so an engine never continues without a
 * reader and leaves nothing to clean up. Closing the input is the orderly end. The job precedes the
 * newlines in the same pipe; it may be larger than the pipe, so it is written in pieces as the
 * engine reads. One loop watches all streams and the process that reads their packets; the packets
 * themselves do not pass through this process.
 */
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

/* The descriptors of a stream that are watched. */
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

/* Reports all complete lines; one longer than the buffer is reported in pieces. */
static void
read_errors(struct livestream *livestream, livestream_report *report)
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
			report(livestream, line);
			livestream->line_used -= used;
			memmove(line, line + used, livestream->line_used + 1);
		}
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		fileio_close(&livestream->errors);
}

/* Terminates a stream if it still runs, waits for it, and reports its end. */
static void
reap(struct livestream *livestream, livestream_report *report)
{
	livestream->status = process_wait(&livestream->child, 0);
	/* ssh has a status of its own for that. */
	if (livestream->is_cut_off && livestream->status != EXIT_DONE &&
	    livestream->status != EXIT_PARTIAL)
		livestream->status = EXIT_TIMEOUT;
	livestream->has_ended = true;
	if (livestream->errors >= 0)
		read_errors(livestream, report);
	if (livestream->line_used)
		report(livestream, livestream->line);
	livestream->line_used = 0;
	fileio_close(&livestream->errors);
	fileio_close(&livestream->lease);
	report(livestream, NULL);
}

static void
watch(const struct livestream *stream, const char *job, struct pollfd *pollers)
{
	const short wanted = stream->lease >= 0 && job[stream->sent] ? POLLOUT : 0;

	pollers[LEASE] = (struct pollfd){wanted ? stream->lease : -1, wanted, 0};
	pollers[ERRORS] = (struct pollfd){stream->errors, POLLIN, 0};
	pollers[CHILD] = (struct pollfd){stream->has_ended ? -1 : stream->child.handle, POLLIN, 0};
}

static void
serve(struct livestream *stream, const struct livestreams *streams, bool is_heartbeat,
      const struct pollfd *pollers)
{
	if (stream->lease >= 0 && (is_heartbeat || pollers[LEASE].revents))
		write_lease(stream, streams->job, is_heartbeat);
	if (pollers[ERRORS].revents)
		read_errors(stream, streams->report);
	if (pollers[CHILD].revents)
		reap(stream, streams->report);
}

static bool
have_ended(const struct livestreams *streams)
{
	for (size_t i = 0; i < streams->count; i++)
		if (!streams->list[i].has_ended)
			return false;
	return true;
}

static bool
serve_until(struct livestreams *streams, const struct process *reader, int64_t end_ns,
	    struct pollfd *pollers)
{
	struct pollfd *last = pollers + WATCHED * streams->count;
	int64_t now_ns = clock_monotonic_ns(), heartbeat_ns = now_ns + streams->heartbeat_ns;

	while (now_ns < end_ns && (reader || !have_ended(streams))) {
		const int64_t next_ns = heartbeat_ns < end_ns ? heartbeat_ns : end_ns;
		const struct timespec left =
		    clock_timespec(next_ns > now_ns ? next_ns - now_ns : 0);
		bool is_heartbeat;

		for (size_t i = 0; i < streams->count; i++)
			watch(&streams->list[i], streams->job, pollers + WATCHED * i);
		*last = (struct pollfd){reader ? reader->handle : -1, POLLIN, 0};
		if (ppoll(pollers, WATCHED * streams->count + 1, &left, streams->signals) < 0)
			return true;
		now_ns = clock_monotonic_ns();
		is_heartbeat = now_ns >= heartbeat_ns;
		if (is_heartbeat)
			heartbeat_ns = now_ns + streams->heartbeat_ns;
		for (size_t i = 0; i < streams->count; i++)
			serve(&streams->list[i], streams, is_heartbeat, pollers + WATCHED * i);
		if (last->revents)
			return false;
	}
	return true;
}

bool
livestreams_serve(struct livestreams *streams, const struct process *reader, int64_t timeout_ns)
{
	const int64_t end_ns = timeout_ns < 0 ? INT64_MAX : clock_monotonic_ns() + timeout_ns;
	struct pollfd *pollers = calloc(WATCHED * streams->count + 1, sizeof(*pollers));
	bool runs = true;

	if (pollers)
		runs = serve_until(streams, reader, end_ns, pollers);
	free(pollers);
	return runs;
}

void
livestreams_release(struct livestreams *streams)
{
	for (size_t i = 0; i < streams->count; i++)
		fileio_close(&streams->list[i].lease);
}

void
livestreams_end(struct livestreams *streams)
{
	for (size_t i = 0; i < streams->count; i++) {
		struct livestream *stream = &streams->list[i];

		stream->is_cut_off = !stream->has_ended;
		if (stream->is_cut_off)
			kill(-stream->child.pid, SIGTERM);
	}
	for (size_t i = 0; i < streams->count; i++)
		if (!streams->list[i].has_ended)
			reap(&streams->list[i], streams->report);
}
