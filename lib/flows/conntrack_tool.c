/*
 * Two processes of the `conntrack` tool print connection tracking as text: one follows the events,
 * the other lists the table and ends. Events are followed before the table is listed, so that no
 * connection is missed in between. The tool does not say when it has subscribed, but
 * /proc/net/netlink shows the socket.
 *
 * Both are started on opening, before privileges are given up. Thus the table cannot be listed
 * again: when the kernel drops events, a note passes on what the tool says.
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

/* How long to wait for the tool to subscribe, and how often to look. */
#define PATIENCE      (2 * NS_PER_SECOND)
#define LOOK_EVERY_MS 5

/* NF_NETLINK_CONNTRACK_NEW | NF_NETLINK_CONNTRACK_DESTROY (linux/netfilter/nfnetlink_compat.h). */
#define SUBSCRIBED 0x5

/* Not in the PATH of an ordinary user. */
#define DEBIAN_TOOL "/usr/sbin/conntrack"

enum stream { EVENTS, TABLE, ERRORS, STREAMS };
_Static_assert((int)STREAMS <= PAIRSOURCE_FDS, "source.fds has room for each");

struct conntrack {
	struct pairsource source;
	struct linebuf lines[STREAMS];
	struct supervisor follower;
	struct failure last_error; /* the last line of the tool's standard error; or empty */
	int64_t listed_ns;         /* CLOCK_REALTIME, when the table was listed */
};

static void
parse_pair(struct conntrack *conntrack, const char *line, int64_t time_ns)
{
	struct connpair pair;
	struct failure why;

	switch (conntrack_line_parse(&pair, line, time_ns, &why)) {
	case CONNTRACK_LINE_PAIR: conntrack->source.report(conntrack->source.context, &pair); break;
	case CONNTRACK_LINE_BAD:
		if (!conntrack->source.has_bad_lines)
			conntrack->source.note = why;
		conntrack->source.has_bad_lines = true;
		break;
	case CONNTRACK_LINE_OTHER: break;
	}
}

/* At its end the tool counts the entries shown; all else is an error. */
static void
parse_error(struct conntrack *conntrack, const char *line)
{
	if (strstr(line, "have been shown"))
		return;
	failure_set(&conntrack->last_error, "%s", line);
	failure_set(&conntrack->source.note, "the 'conntrack' tool says: %s", line);
}

static void
parse_line(struct conntrack *conntrack, enum stream stream, const char *line)
{
	if (stream == ERRORS)
		parse_error(conntrack, line);
	else
		parse_pair(conntrack, line,
			   stream == TABLE ? conntrack->listed_ns : clock_realtime_ns());
}

/* Reads what has arrived. 1: more may follow; 0: the end; -1: cannot read. */
static int
read_stream(struct conntrack *conntrack, enum stream stream, struct failure *why)
{
	struct linebuf *lines = &conntrack->lines[stream];
	int fd = conntrack->source.fds[stream].fd;

	while (fd >= 0) {
		size_t room;
		char *space = linebuf_space(lines, &room);
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
		linebuf_filled(lines, (size_t)size);
		while ((line = linebuf_next(lines)))
			parse_line(conntrack, stream, line);
	}
	if (fd >= 0)
		close(fd);
	conntrack->source.fds[stream].fd = -1;
	return 0;
}

static int
conntrack_read(struct pairsource *source, struct failure *why)
{
	struct conntrack *conntrack = (struct conntrack *)source;
	int more[STREAMS];

	for (int i = 0; i < STREAMS; i++) {
		more[i] = read_stream(conntrack, (enum stream)i, why);
		if (more[i] < 0)
			return -1;
	}
	/* Its errors have been read by now: it wrote them before it ended. */
	if (more[EVENTS] == 0)
		return failure_set(why, "the 'conntrack' tool has ended%s%.200s",
				   *conntrack->last_error.text ? ": " : "",
				   conntrack->last_error.text);
	source->is_current = more[TABLE] == 0;
	return 1;
}

static void
conntrack_close(struct pairsource *source)
{
	struct conntrack *conntrack = (struct conntrack *)source;

	supervisor_release(&conntrack->follower);
	for (int i = 0; i < STREAMS; i++)
		if (source->fds[i].fd >= 0)
			close(source->fds[i].fd);
	free(conntrack);
}

/* The number of sockets that are subscribed to connections that begin and end (/proc/net/netlink,
 * see proc(5)). */
static unsigned
count_followers(void)
{
	FILE *in = fopen("/proc/net/netlink", "re");
	unsigned count = 0, groups;
	char line[256];
	int protocol;

	while (in && fgets(line, sizeof(line), in))
		count += sscanf(line, "%*s %d %*u %x", &protocol, &groups) == 2 &&
			 protocol == NETLINK_NETFILTER && groups == SUBSCRIBED;
	if (in)
		fclose(in);
	return count;
}

static int
start_follower(struct conntrack *conntrack, int out, int err, struct failure *why)
{
	char *argv[] = {"conntrack", "-E", "-e", "NEW,DESTROY", "-o", "timestamp", NULL};
	const struct supervised command = {.argv = argv,
					   .in = -1,
					   .out = out,
					   .err = err,
					   .dir = -1,
					   .more = {-1, -1, -1},
					   .is_privileged = true};
	const unsigned before = count_followers();
	const int64_t limit_ns = clock_monotonic_ns() + PATIENCE;

	if (supervisor_start(&conntrack->follower, &command, NULL) < 0) {
		argv[0] = DEBIAN_TOOL;
		if (supervisor_start(&conntrack->follower, &command, NULL) < 0)
			return failure_set(why, "connection tracking is read by the 'conntrack' "
						"tool here, and that cannot be run: install the "
						"package conntrack");
	}
	while (count_followers() <= before && clock_monotonic_ns() < limit_ns &&
	       !supervisor_ended(&conntrack->follower, LOOK_EVERY_MS))
		;
	return 0;
}

static int
start_lister(int out, int err, struct failure *why)
{
	char *argv[] = {"conntrack", "-L", NULL};
	struct process child;

	if (process_start(&child, argv, -1, out, err, NULL) == 0)
		return 0;
	argv[0] = DEBIAN_TOOL;
	return process_start(&child, argv, -1, out, err, why);
}

static int
start_both(struct conntrack *conntrack, const int outs[STREAMS], struct failure *why)
{
	if (start_follower(conntrack, outs[EVENTS], outs[ERRORS], why) < 0)
		return -1;
	conntrack->listed_ns = clock_realtime_ns();
	return start_lister(outs[TABLE], outs[ERRORS], why);
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
		conntrack->source.fds[i] = (struct pollfd){.fd = ends[0], .events = POLLIN};
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
conntrack_open(connpair_report *report, void *context, struct failure *why)
{
	struct conntrack *conntrack = calloc(1, sizeof(*conntrack));

	if (!conntrack) {
		failure_errno(why, "cannot read connection tracking");
		return NULL;
	}
	conntrack->source = (struct pairsource){.fds = {{.fd = -1}, {.fd = -1}, {.fd = -1}},
						.timeout_ms = -1,
						.report = report,
						.context = context,
						.read = conntrack_read,
						.close = conntrack_close};
	conntrack->follower = SUPERVISOR_INIT;
	for (int i = 0; i < STREAMS; i++)
		linebuf_init(&conntrack->lines[i]);
	if (start_tool(conntrack, why) < 0) {
		conntrack_close(&conntrack->source);
		return NULL;
	}
	failure_set(&conntrack->source.note, "this program has no libnetfilter_conntrack: the "
					     "'conntrack' tool reads connection tracking for it");
	return &conntrack->source;
}
