/*
 * The packets do not enter this process: splice(2) moves them from the command's pipe to dumpcap's.
 * Whatever ends the capture, the end is the same: the command gets SIGTERM once, ends the capture on all
 * engines, and completes its stream; only its own end is the end here. If nobody reads any more, the
 * rest goes to /dev/null, so that the command's status still says whether an engine was missing.
 *
 * tshark that is killed takes neither dumpcap nor this process along, so its end is watched, too: by a
 * descriptor, since its process may have ended before anything could be asked of the kernel.
 *
 * Over ssh the reader may vanish without a word: its computer sleeps, or the link swallows everything. So
 * it sends heartbeats, and has gone when they stay away. Nothing else would tell before TCP gives up, as
 * what is not read is no error.
 */
#include "extcap/extcap_capture.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "base/heartbeat.h"
#include "base/linebuf.h"
#include "base/parse.h"
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	SAID_MOST = 8,   /* lines kept */
	CHUNK = 1 << 20, /* bytes moved at once */
	OPEN_MS = 20,    /* between attempts to open the FIFO, which nothing announces */
};

/* Time for the command to end: it gives its engines and its merge five seconds each. */
#define GRACE_NS (15 * NS_PER_SECOND)

/* The descriptors that are watched. */
enum { PACKETS, FIFO, ERRORS, SIGNALS, PARENT, TOOLBAR, INPUT, CHILD, WATCHED };

struct flow {
	struct extcap_capture *capture;
	struct process live;
	int fds[WATCHED]; /* -1: closed */
	bool is_full;     /* the FIFO does not take more at the moment */
	bool is_ending;   /* the command has been told to end */
	bool is_unheard;  /* for want of heartbeats */
	struct heartbeat heartbeat;
	int64_t started_ns,
	    end_ns; /* monotonic; end_ns: when it has to have ended, or is told to */
	uint64_t bytes;
	struct linebuf lines;
};

static void
say(struct flow *flow, const char *line)
{
	struct strvec *said = &flow->capture->said;

	if (said->count == SAID_MOST) {
		free(said->list[0]);
		memmove(said->list, said->list + 1, SAID_MOST * sizeof(*said->list));
		said->count--;
	}
	strvec_push(said, line);
	if (strncmp(line, "vcap-", 5) == 0 && strstr(line, ": "))
		line = strstr(line, ": ") + 2;
	toolbar_tell(flow->capture->toolbar, line);
}

static void
end(struct flow *flow, const char *reason)
{
	if (flow->is_ending)
		return;
	if (reason)
		toolbar_tell(flow->capture->toolbar, reason);
	kill(flow->live.pid, SIGTERM);
	flow->is_ending = true;
	flow->end_ns = clock_monotonic_ns() + GRACE_NS;
}

/* Nobody reads: dumpcap has ended, with or without an error of its own. */
static void
lose_reader(struct flow *flow)
{
	fileio_close(&flow->fds[FIFO]);
	flow->fds[FIFO] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	flow->is_full = false;
	end(flow, NULL);
}

/* Moves what the pipes have and take. */
static void
move(struct flow *flow)
{
	const ssize_t n = splice(flow->fds[PACKETS], NULL, flow->fds[FIFO], NULL, CHUNK,
				 SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (n > 0) {
		flow->bytes += (uint64_t)n;
		if (flow->capture->stop_size && flow->bytes >= flow->capture->stop_size)
			end(flow, "the size to stop at is reached");
	} else if (n == 0) {
		fileio_close(&flow->fds[PACKETS]);
	} else if (errno == EPIPE) {
		lose_reader(flow);
	} else if (errno == EAGAIN) {
		flow->is_full = true;
	} else if (errno != EINTR) {
		fileio_close(&flow->fds[PACKETS]);
		end(flow, NULL);
	}
}

static void
read_errors(struct flow *flow)
{
	size_t room;
	char *space = linebuf_space(&flow->lines, &room), *line;
	const ssize_t n = read(flow->fds[ERRORS], space, room);

	if (n > 0) {
		linebuf_filled(&flow->lines, (size_t)n);
		while ((line = linebuf_next(&flow->lines)))
			say(flow, line);
	} else if (n == 0 || errno != EINTR) {
		if ((line = linebuf_rest(&flow->lines)))
			say(flow, line);
		fileio_close(&flow->fds[ERRORS]);
	}
}

static void
read_toolbar(struct flow *flow)
{
	char text[64];
	int64_t after_ns;
	struct failure why;
	struct toolbar *toolbar = flow->capture->toolbar;
	const int rc = toolbar_read(toolbar, text, sizeof(text));

	flow->fds[TOOLBAR] = toolbar->in;
	if (rc <= 0 || flow->is_ending)
		return;
	if (parse_duration(text, NS_PER_MINUTE, &after_ns, &why) < 0)
		toolbar_tell(toolbar, why.text);
	else
		flow->end_ns = after_ns ? flow->started_ns + after_ns : INT64_MAX;
}

static void
hear(struct flow *flow, short revents)
{
	switch (heartbeat_listen(&flow->heartbeat, revents)) {
	case HEARTBEAT_LASTS: return;
	case HEARTBEAT_CLOSED: end(flow, NULL); break;
	case HEARTBEAT_MISSED: flow->is_unheard = true; lose_reader(flow);
	}
	flow->heartbeat = HEARTBEAT_NONE;
	flow->fds[INPUT] = -1;
}

static void
serve(struct flow *flow, const struct pollfd *pollers)
{
	struct signalfd_siginfo info;

	if (pollers[FIFO].revents & (POLLERR | POLLHUP))
		lose_reader(flow);
	else if (pollers[FIFO].revents)
		flow->is_full = false;
	if (pollers[PACKETS].revents)
		move(flow);
	if (pollers[ERRORS].revents)
		read_errors(flow);
	if (pollers[TOOLBAR].revents)
		read_toolbar(flow);
	/* tshark sends one as well after dumpcap has gone, which is not to hurry the end. */
	if (pollers[SIGNALS].revents && read(flow->fds[SIGNALS], &info, sizeof(info)) > 0)
		end(flow, NULL);
	if (pollers[PARENT].revents) {
		fileio_close(&flow->fds[PARENT]);
		end(flow, NULL);
	}
	hear(flow, pollers[INPUT].revents);
}

static void
watch(const struct flow *flow, struct pollfd *pollers)
{
	for (int i = 0; i < WATCHED; i++)
		pollers[i] = (struct pollfd){flow->fds[i], POLLIN, 0};
	/* A reader that goes is seen without being asked for; room only while it is waited for. */
	pollers[FIFO].events = flow->is_full ? POLLOUT : 0;
	if (flow->is_full)
		pollers[PACKETS].fd = -1;
}

/* Until the command has ended and all is read that it wrote. */
static void
serve_until_end(struct flow *flow)
{
	struct pollfd pollers[WATCHED];
	bool runs = true;

	while (runs || flow->fds[PACKETS] >= 0 || flow->fds[ERRORS] >= 0) {
		const int64_t now_ns = clock_monotonic_ns();
		const int64_t next_ns =
		    flow->heartbeat.end_ns < flow->end_ns ? flow->heartbeat.end_ns : flow->end_ns;
		int timeout = -1;

		if (now_ns >= flow->end_ns && flow->is_ending)
			break;
		if (now_ns >= flow->end_ns)
			end(flow, "the time is over");
		if (next_ns <= now_ns)
			timeout = 0;
		else if (next_ns < INT64_MAX)
			timeout = (int)((next_ns - now_ns) / 1000000 % 60000) + 1;
		flow->fds[CHILD] = runs ? flow->live.handle : -1;
		watch(flow, pollers);
		if (poll(pollers, WATCHED, timeout) < 0)
			continue;
		serve(flow, pollers);
		if (runs && pollers[CHILD].revents)
			runs = false;
	}
}

/* Opens the FIFO once dumpcap has; it waits neither longer than whoever asked for this, nor after a signal. */
static int
open_fifo(struct flow *flow, struct failure *why)
{
	const bool is_open = strcmp(flow->capture->fifo, "-") == 0;
	struct pollfd pollers[2] = {{flow->fds[SIGNALS], POLLIN, 0},
				    {flow->fds[PARENT], POLLIN, 0}};

	for (;;) {
		const int fd = is_open ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
				       : open(flow->capture->fifo,
					      O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

		flow->fds[FIFO] = fd;
		if (fd >= 0)
			return fcntl(fd, F_SETFL, O_WRONLY | O_NONBLOCK) < 0
				   ? failure_errno(why, "cannot write")
				   : 1;
		if (errno != ENXIO)
			return failure_errno(why, "cannot open '%s'", flow->capture->fifo);
		if (poll(pollers, 2, OPEN_MS) > 0)
			return 0;
	}
}

static int
open_signals(void)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &ends, SFD_CLOEXEC);
}

static int
start(struct flow *flow, struct failure *why)
{
	int out[2] = {-1, -1}, err[2] = {-1, -1}, rc = -1;

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		failure_errno(why, "cannot run '%s'", flow->capture->argv[0]);
	else
		rc = process_start_apart(&flow->live, flow->capture->argv, -1, out[1], err[1], why);
	fileio_close(&out[1]);
	fileio_close(&err[1]);
	flow->fds[PACKETS] = out[0];
	flow->fds[ERRORS] = err[0];
	return rc;
}

/* Who is back, and finds that the capture has ended, is to know why. */
static int
see_unheard(struct flow *flow, int status)
{
	say(flow, "vcap-extcap: no heartbeat came in time: the capture was ended");
	return status == EXIT_DONE ? EXIT_PARTIAL : status;
}

int
extcap_capture_run(struct extcap_capture *capture, struct failure *why)
{
	struct flow flow = {.capture = capture,
			    .live = PROCESS_INIT,
			    .end_ns = INT64_MAX,
			    .heartbeat = HEARTBEAT_NONE};
	int status = EXIT_DONE, rc;

	for (int i = 0; i < WATCHED; i++)
		flow.fds[i] = -1;
	linebuf_init(&flow.lines);
	flow.fds[SIGNALS] = open_signals();
	flow.fds[PARENT] = pidfd_open(getppid(), 0);
	flow.fds[TOOLBAR] = capture->toolbar->in;
	rc = open_fifo(&flow, why);
	if (rc > 0)
		rc = start(&flow, why) < 0 ? -1 : 1;
	if (rc > 0) {
		toolbar_tell(capture->toolbar, "reaching the engines");
		flow.started_ns = clock_monotonic_ns();
		if (capture->stop_after_ns)
			flow.end_ns = flow.started_ns + capture->stop_after_ns;
		if (capture->heartbeat_ns)
			heartbeat_begin(&flow.heartbeat, STDIN_FILENO, capture->heartbeat_ns);
		flow.fds[INPUT] = flow.heartbeat.fd;
		serve_until_end(&flow);
		status = process_wait(&flow.live, 0);
		if (flow.is_ending && status == EXIT_SIGNAL + SIGTERM)
			status = EXIT_DONE;
		if (flow.is_unheard)
			status = see_unheard(&flow, status);
	}
	/* The toolbar's, closed, and everybody's. */
	flow.fds[TOOLBAR] = flow.fds[CHILD] = flow.fds[INPUT] = -1;
	for (int i = 0; i < WATCHED; i++)
		fileio_close(&flow.fds[i]);
	return rc < 0 ? -1 : status;
}
