/*
 * conntrack.h by way of the `conntrack` tool, for programs that are linked without
 * libnetfilter_conntrack: the Makefile's static vcap-flows takes this instead of conntrack.c.
 *
 * Both processes of the tool are started on opening, before privileges are given up, and so the
 * table cannot be asked for again: when the kernel has dropped events, a note says what the tool
 * says of it.
 */
#include "base/clock.h"
#include "base/linebuf.h"
#include "base/process.h"
#include "base/supervisor.h"
#include "flows/conntrack.h"
#include "flows/conntrack_line.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long the tool may take to listen, and how often to look. */
#define PATIENCE      (2 * NS_PER_SECOND)
#define LOOK_EVERY_MS 5

/* NF_NETLINK_CONNTRACK_NEW | NF_NETLINK_CONNTRACK_DESTROY (linux/netfilter/nfnetlink_compat.h). */
#define LISTENED    0x5

#define DEBIAN_TOOL "/usr/sbin/conntrack"

enum { EVENTS, TABLE, COMPLAINTS, STREAMS };
_Static_assert((int)STREAMS <= PAIRSOURCE_FDS, "each has its place");

struct conntrack {
	struct pairsource feed;
	struct linebuf readers[STREAMS];
	struct supervisor listener;
	struct failure complaint; /* what the tool has said last */
	int64_t asked_ns;         /* CLOCK_REALTIME, when the table was asked for */
};

static void
take_pair(struct conntrack *conntrack, const char *line, int64_t time_ns)
{
	struct connpair pairing;
	struct failure why;

	switch (conntrack_line_parse(&pairing, line, time_ns, &why)) {
	case CONNTRACK_LINE_PAIR: conntrack->feed.report(conntrack->feed.context, &pairing); break;
	case CONNTRACK_LINE_BAD:
		if (!conntrack->feed.has_bad_lines)
			conntrack->feed.note = why;
		conntrack->feed.has_bad_lines = true;
		break;
	case CONNTRACK_LINE_OTHER: break;
	}
}

/* The tool counts what it has shown; all else is worth saying. */
static void
take_complaint(struct conntrack *conntrack, const char *line)
{
	if (strstr(line, "have been shown"))
		return;
	failure_set(&conntrack->complaint, "%s", line);
	failure_set(&conntrack->feed.note, "of the 'conntrack' tool: %s", line);
}

static void
take_line(struct conntrack *conntrack, int livestream, const char *line)
{
	if (livestream == COMPLAINTS)
		take_complaint(conntrack, line);
	else
		take_pair(conntrack, line,
			  livestream == TABLE ? conntrack->asked_ns : clock_realtime_ns());
}

/* 1: more may come; 0: it has ended. */
static int
take_stream(struct conntrack *conntrack, int livestream, struct failure *why)
{
	struct linebuf *reader = &conntrack->readers[livestream];
	int fd = conntrack->feed.fds[livestream].fd;

	while (fd >= 0) {
		size_t room;
		char *space = linebuf_space(reader, &room);
		ssize_t size = read(fd, space, room);
		const char *line;

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EAGAIN)
			return 1;
		if (size < 0)
			return failure_errno(why, "cannot read from the 'conntrack' tool");
		if (size == 0)
			break;
		linebuf_filled(reader, (size_t)size);
		while ((line = linebuf_next(reader)))
			take_line(conntrack, livestream, line);
	}
	if (fd >= 0)
		close(fd);
	conntrack->feed.fds[livestream].fd = -1;
	return 0;
}

static int
take(struct pairsource *feed, struct failure *why)
{
	struct conntrack *conntrack = (struct conntrack *)feed;
	int more[STREAMS];

	for (int i = 0; i < STREAMS; i++) {
		more[i] = take_stream(conntrack, i, why);
		if (more[i] < 0)
			return -1;
	}
	/* What it has complained of is read by now: it wrote that before it ended. */
	if (more[EVENTS] == 0)
		return failure_set(why, "the 'conntrack' tool has ended%s%.200s",
				   *conntrack->complaint.text ? ": " : "",
				   conntrack->complaint.text);
	feed->is_current = more[TABLE] == 0;
	return 1;
}

static void
conntrack_close(struct pairsource *feed)
{
	struct conntrack *conntrack = (struct conntrack *)feed;

	supervisor_release(&conntrack->listener);
	for (int i = 0; i < STREAMS; i++)
		if (feed->fds[i].fd >= 0)
			close(feed->fds[i].fd);
	free(conntrack);
}

/* How many processes listen to connections that begin and end (proc(5), /proc/net/netlink): the
 * tool does not say when it does. */
static unsigned
count_listeners(void)
{
	FILE *in = fopen("/proc/net/netlink", "re");
	unsigned count = 0, groups;
	char line[256];
	int protocol;

	while (in && fgets(line, sizeof(line), in))
		count += sscanf(line, "%*s %d %*u %x", &protocol, &groups) == 2 &&
			 protocol == NETLINK_NETFILTER && groups == LISTENED;
	if (in)
		fclose(in);
	return count;
}

/* Starts the tool in PATH, or where Debian has it, which the PATH of an ordinary user lacks. */
static int
start_listener(struct conntrack *conntrack, int out, int err, struct failure *why)
{
	char *argv[] = {"conntrack", "-E", "-e", "NEW,DESTROY", "-o", "timestamp", NULL};
	const struct supervised guarded = {.argv = argv,
					   .in = -1,
					   .out = out,
					   .err = err,
					   .dir = -1,
					   .more = {-1, -1, -1},
					   .is_privileged = true};
	const unsigned before = count_listeners();
	const int64_t limit_ns = clock_monotonic_ns() + PATIENCE;

	if (supervisor_start(&conntrack->listener, &guarded, NULL) < 0) {
		argv[0] = DEBIAN_TOOL;
		if (supervisor_start(&conntrack->listener, &guarded, NULL) < 0)
			return failure_set(why, "connection tracking is read by the 'conntrack' "
						"tool here, and that cannot be run: install the "
						"package conntrack");
	}
	while (count_listeners() <= before && clock_monotonic_ns() < limit_ns &&
	       !supervisor_ended(&conntrack->listener, LOOK_EVERY_MS))
		;
	return 0;
}

/* It ends by itself. */
static int
start_reader(int out, int err, struct failure *why)
{
	char *argv[] = {"conntrack", "-L", NULL};
	struct process child;

	if (process_start(&child, argv, -1, out, err, NULL) == 0)
		return 0;
	argv[0] = DEBIAN_TOOL;
	return process_start(&child, argv, -1, out, err, why);
}

/* Events are listened to before the table is asked for, so that none is missed between. */
static int
start_both(struct conntrack *conntrack, const int outs[STREAMS], struct failure *why)
{
	if (start_listener(conntrack, outs[EVENTS], outs[COMPLAINTS], why) < 0)
		return -1;
	conntrack->asked_ns = clock_realtime_ns();
	return start_reader(outs[TABLE], outs[COMPLAINTS], why);
}

static int
start_tool(struct conntrack *conntrack, struct failure *why)
{
	int outs[STREAMS] = {-1, -1, -1}, rc = 0;

	for (int i = 0; i < STREAMS && rc == 0; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
			rc = failure_errno(why, "cannot run the 'conntrack' tool");
			break;
		}
		conntrack->feed.fds[i] = (struct pollfd){.fd = ends[0], .events = POLLIN};
		outs[i] = ends[1];
	}
	if (rc == 0)
		rc = start_both(conntrack, outs, why);
	for (int i = 0; i < STREAMS; i++)
		if (outs[i] >= 0)
			close(outs[i]);
	return rc;
}

struct pairsource *
conntrack_open(pairsource_report *report, void *context, struct failure *why)
{
	struct conntrack *conntrack = calloc(1, sizeof(*conntrack));

	if (!conntrack) {
		failure_errno(why, "cannot read connection tracking");
		return NULL;
	}
	conntrack->feed = (struct pairsource){.fds = {{.fd = -1}, {.fd = -1}, {.fd = -1}},
					      .timeout_ms = -1,
					      .report = report,
					      .context = context,
					      .take = take,
					      .close = conntrack_close};
	conntrack->listener = SUPERVISOR_INIT;
	for (int i = 0; i < STREAMS; i++)
		linebuf_init(&conntrack->readers[i]);
	if (start_tool(conntrack, why) < 0) {
		conntrack_close(&conntrack->feed);
		return NULL;
	}
	failure_set(&conntrack->feed.note, "this program has no libnetfilter_conntrack: the "
					   "'conntrack' tool reads connection tracking for it");
	return &conntrack->feed;
}
