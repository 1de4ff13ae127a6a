/*
 * Three connections to the socket, each of which asks with one line of commands and reads the
 * answers in their order: NOW has the ring's lines; PROBE asks each second which process answers,
 * because after a reload it is another one while NOW, still up, is connected to the old; then that
 * becomes BEFORE and is read for GRACE longer.
 *
 * HAProxy also closes NOW when nothing was logged for its `stats timeout`. A reconnect then gets
 * the ring from its oldest line: what was read before is recognized by the last line that was read.
 * How much arrives in one piece says nothing about where the repeated lines end.
 */
#include "flows/haproxy_ring.h"

#include "base/clock.h"
#include "base/linebuf.h"
#include "flows/haproxy_sess.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MS INT64_C(1000000) /* nanoseconds */

/* How often to ask whether the same process still answers, and to reconnect when none does. */
#define PROBE_EVERY (1000 * MS)
#define RETRY_EVERY (200 * MS)

/* How long a replaced process is read on. */
#define GRACE (10000 * MS)

/* What is asked on a connection, and the stage whose answer is being read. An empty line ends each
 * answer. */
enum question {
	ASK_PROCESS, /* which process is it? */
	ASK_EVENTS,  /* ... and the lines of the ring, from the oldest */
	ASK_ALL,     /* ... and the sessions before them */
	ASK_NEW,     /* ... and the lines of the ring that are written from now on */
};
enum stage { INFO, SINKS, SESSIONS, EVENTS };

/* The same pid may be used again, with another start. */
struct identity {
	uint64_t pid, start;
};

struct connection {
	int fd; /* -1: closed */
	enum question question;
	enum stage stage;
	struct identity process;
	bool has_ring;
	bool repeats;      /* its lines were read before, up to the last one */
	int64_t dialed_ns; /* CLOCK_REALTIME, as the times of lines are */
	struct haproxy_sess session;
	struct linebuf lines;
};

enum { NOW, BEFORE, PROBE, CONNECTIONS };

struct haproxy_ring {
	struct pairsource source; /* first: a source of ours is its ring */
	const char *path, *name;  /* of the socket, of the ring; the caller's */
	struct connection connections[CONNECTIONS];
	struct identity process; /* of NOW, once it has said so */
	int64_t before_end_ns;   /* CLOCK_MONOTONIC, as are the next two */
	int64_t probed_ns, tried_ns;
	/* Of the process NOW: the time of the newest line, and the start of the last line. */
	int64_t newest_ns;
	char last[256];
	bool is_lost; /* no process answers, and a note has said so */
};

static void
hang_up(struct connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
	connection->fd = -1;
}

/* Opens a connection and asks. */
static int
dial(struct haproxy_ring *ring, struct connection *connection, enum question question,
     struct failure *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char commands[256];
	int length;

	*connection =
	    (struct connection){.fd = -1, .question = question, .dialed_ns = clock_realtime_ns()};
	linebuf_init(&connection->lines);
	if (strlen(ring->path) >= sizeof(address.sun_path))
		return failure_set(why, "too long for a socket: '%s'", ring->path);
	strcpy(address.sun_path, ring->path);
	length = question == ASK_PROCESS
		     ? snprintf(commands, sizeof(commands), "show info\n")
		     : snprintf(commands, sizeof(commands),
				"show info; show events;%s show events %s -w%s\n",
				question == ASK_ALL ? " show sess all;" : "", ring->name,
				question == ASK_NEW ? " -n" : "");
	connection->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (connection->fd >= 0 &&
	    connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    send(connection->fd, commands, (size_t)length, MSG_NOSIGNAL) == length)
		return 0;
	failure_errno(why, "cannot connect to HAProxy at '%s'", ring->path);
	hang_up(connection);
	return -1;
}

/* Whether a line of "show events" is that of the ring, as in
 * "    vcap       : type=buffer, 0 dropped, vcap". */
static bool
is_sink(const char *line, const char *name)
{
	const size_t length = strlen(name);

	line += strspn(line, " ");
	return strncmp(line, name, length) == 0 && line[length] == ' ' &&
	       strstr(line, "type=buffer");
}

static bool
is_same(const struct identity *a, const struct identity *b)
{
	return a->pid == b->pid && a->start == b->start;
}

/* NOW has said which process it is. Of its lines those that it had before it was asked for new ones were as
 * good as read. */
static void
identify_process(struct haproxy_ring *ring)
{
	struct connection *connection = &ring->connections[NOW];
	const bool is_first = connection->question == ASK_NEW;

	if (!is_same(&connection->process, &ring->process))
		ring->newest_ns = INT64_MIN;
	ring->process = connection->process;
	connection->repeats = !is_first && ring->newest_ns != INT64_MIN;
	if (is_first)
		ring->newest_ns = connection->dialed_ns;
}

static int
finish_stage(struct haproxy_ring *ring, struct connection *connection, struct failure *why)
{
	if (connection->stage == INFO && connection == &ring->connections[NOW])
		identify_process(ring);
	if (connection->stage == SINKS && !connection->has_ring)
		return failure_set(why,
				   "HAProxy at '%s' has no log ring '%s' (its configuration needs "
				   "'ring %s' and 'log ring@%s', see %s(1))",
				   ring->path, ring->name, ring->name, ring->name,
				   ring->source.report || connection->question == ASK_NEW
				       ? "vcap-flows"
				       : "vcap-keys");
	if (connection->stage == SESSIONS)
		ring->source.is_current = true;
	connection->stage++;
	if (connection->stage == SESSIONS && connection->question != ASK_ALL) {
		connection->stage++;
		/* Without pairs no sessions are asked for. */
		ring->source.is_current |= !ring->source.report;
	}
	return 0;
}

/*
 * After a reconnect the ring repeats its lines, in the same order: those up to the last one that
 * was read are skipped. If that one has been overwritten, a line with a later time is new, and so
 * is one that was written since the reconnect, whose time is an earlier one if the clock was set
 * back.
 */
static void
parse_event(struct haproxy_ring *ring, struct connection *connection, const char *line)
{
	const size_t most = sizeof(ring->last) - 1;
	int64_t time_ns, since_ns = INT64_MIN;

	if (connection->repeats && strncmp(line, ring->last, most) == 0) {
		connection->repeats = false;
		return;
	}
	if (connection->repeats)
		since_ns = connection->dialed_ns <= ring->newest_ns ? connection->dialed_ns
								    : ring->newest_ns + 1;
	time_ns = ring->source.line(&ring->source, line, since_ns);
	if (connection != &ring->connections[NOW] || time_ns == INT64_MIN)
		return;
	connection->repeats &= time_ns < since_ns;
	if (time_ns > ring->newest_ns)
		ring->newest_ns = time_ns;
	if (!connection->repeats)
		snprintf(ring->last, sizeof(ring->last), "%s", line);
}

static int
parse_line(struct haproxy_ring *ring, struct connection *connection, const char *line,
	   struct failure *why)
{
	struct pairsource *source = &ring->source;
	struct connpair pair;

	if (connection->stage == EVENTS) {
		parse_event(ring, connection, line);
		return 0;
	}
	if (line[strspn(line, " \r")] == '\0')
		return finish_stage(ring, connection, why);
	if (strcmp(line, "Permission denied") == 0)
		return failure_set(why, "HAProxy's socket '%s' is not of level operator",
				   ring->path);
	if (connection->stage == INFO) {
		sscanf(line, "Pid: %" SCNu64, &connection->process.pid);
		sscanf(line, "Start_time_sec: %" SCNu64, &connection->process.start);
	} else if (connection->stage == SINKS) {
		connection->has_ring |= is_sink(line, ring->name);
	} else if (haproxy_sess_parse(&connection->session, line, clock_realtime_ns(), &pair)) {
		source->report(source->context, &pair);
	}
	return 0;
}

/* Reads what has arrived. 1: the connection is up; 0: it is down; -1: the source cannot go on. */
static int
read_connection(struct haproxy_ring *ring, struct connection *connection, struct failure *why)
{
	while (connection->fd >= 0) {
		size_t room;
		char *space = linebuf_space(&connection->lines, &room), *line;
		ssize_t size = recv(connection->fd, space, room, MSG_DONTWAIT);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EAGAIN)
			return 1;
		if (size <= 0) {
			hang_up(connection);
			break;
		}
		linebuf_filled(&connection->lines, (size_t)size);
		while ((line = linebuf_next(&connection->lines)))
			if (parse_line(ring, connection, line, why) < 0)
				return -1;
	}
	return 0;
}

/* Connects anew; what was missed is in the ring's history. */
static void
reconnect(struct haproxy_ring *ring, int64_t now_ns)
{
	struct failure why;

	ring->tried_ns = now_ns;
	if (dial(ring, &ring->connections[NOW], ASK_EVENTS, &why) < 0) {
		if (!ring->is_lost)
			failure_set(&ring->source.note, "%s; waiting for it", why.text);
		ring->is_lost = true;
		return;
	}
	if (ring->is_lost)
		failure_set(&ring->source.note, "HAProxy at '%s' answers again", ring->path);
	ring->is_lost = false;
}

/* Another process answers: NOW becomes BEFORE. */
static void
change_process(struct haproxy_ring *ring, int64_t now_ns)
{
	hang_up(&ring->connections[BEFORE]);
	ring->connections[BEFORE] = ring->connections[NOW];
	ring->before_end_ns = now_ns + GRACE;
	reconnect(ring, now_ns);
}

/* Reads all connections. The replaced process first: its lines are older. */
static int
read_connections(struct haproxy_ring *ring, int64_t now_ns, struct failure *why)
{
	struct connection *now = &ring->connections[NOW], *before = &ring->connections[BEFORE];
	struct connection *probe = &ring->connections[PROBE];
	const bool was_probing = probe->fd >= 0;

	if (read_connection(ring, before, why) < 0 || read_connection(ring, now, why) < 0 ||
	    read_connection(ring, probe, why) < 0)
		return -1;
	if (now_ns >= ring->before_end_ns)
		hang_up(before);
	if (was_probing && probe->fd < 0 && probe->stage > INFO && now->fd >= 0 &&
	    now->stage > INFO && !is_same(&probe->process, &ring->process))
		change_process(ring, now_ns);
	return 0;
}

/* Reconnects or probes if that is due, and says what to poll and until when. */
static void
keep_up(struct haproxy_ring *ring, int64_t now_ns)
{
	struct connection *now = &ring->connections[NOW], *probe = &ring->connections[PROBE];
	struct failure why;
	int64_t due_ns;

	if (now->fd < 0 && now_ns - ring->tried_ns >= RETRY_EVERY)
		reconnect(ring, now_ns);
	due_ns = now->fd < 0 ? ring->tried_ns + RETRY_EVERY : ring->probed_ns + PROBE_EVERY;
	if (now->fd >= 0 && now_ns >= due_ns) {
		/* A probe that has not been answered since the last one will not be. */
		hang_up(probe);
		dial(ring, probe, ASK_PROCESS, &why);
		ring->probed_ns = now_ns;
		due_ns = now_ns + PROBE_EVERY;
	}
	ring->source.timeout_ms = pairsource_ms_until(due_ns, now_ns);
	for (int i = 0; i < CONNECTIONS; i++)
		ring->source.fds[i] =
		    (struct pollfd){.fd = ring->connections[i].fd, .events = POLLIN};
}

static int
haproxy_ring_read(struct pairsource *source, struct failure *why)
{
	struct haproxy_ring *ring = (struct haproxy_ring *)source;
	const int64_t now_ns = clock_monotonic_ns();

	if (read_connections(ring, now_ns, why) < 0)
		return -1;
	keep_up(ring, now_ns);
	return 1;
}

static void
haproxy_ring_close(struct pairsource *source)
{
	struct haproxy_ring *ring = (struct haproxy_ring *)source;

	for (int i = 0; i < CONNECTIONS; i++)
		hang_up(&ring->connections[i]);
	free(ring);
}

static struct pairsource *
open_ring(const char *path, const char *name, connpair_report *report, enum question question,
	  void *context, struct failure *why)
{
	struct haproxy_ring *ring = calloc(1, sizeof(*ring));

	if (!ring) {
		failure_errno(why, "cannot connect to HAProxy at '%s'", path);
		return NULL;
	}
	ring->source = (struct pairsource){.report = report,
					   .context = context,
					   .line = pairsource_log_line,
					   .read = haproxy_ring_read,
					   .close = haproxy_ring_close};
	ring->path = path;
	ring->name = name;
	ring->newest_ns = INT64_MIN;
	for (int i = 0; i < CONNECTIONS; i++)
		ring->connections[i].fd = -1;
	ring->tried_ns = ring->probed_ns = clock_monotonic_ns();
	if (dial(ring, &ring->connections[NOW], question, why) < 0) {
		haproxy_ring_close(&ring->source);
		return NULL;
	}
	keep_up(ring, ring->tried_ns);
	return &ring->source;
}

struct pairsource *
haproxy_ring_open(const char *path, const char *name, connpair_report *report, void *context,
		  struct failure *why)
{
	return open_ring(path, name, report, report ? ASK_ALL : ASK_EVENTS, context, why);
}

struct pairsource *
haproxy_ring_open_new(const char *path, const char *name, void *context, struct failure *why)
{
	return open_ring(path, name, NULL, ASK_NEW, context, why);
}
