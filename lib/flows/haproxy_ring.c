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

#define MS INT64_C(1000000)

/* How often to ask whether it is still the same process, and to try again when it is gone. */
#define PROBE_EVERY (1000 * MS)
#define RETRY_EVERY (200 * MS)

/* How long a process that was replaced is listened to. */
#define GRACE (10000 * MS)

/* The answers to the commands, in their order; an empty line is the end of each. */
enum stage { INFO, SINKS, SESSIONS, EVENTS };

struct identity {
	uint64_t pid, start;
};

/* A connection to the socket. */
struct linktype_info {
	int fd;
	enum stage stage;
	struct identity who;
	bool asks_sessions;
	bool has_ring;
	bool repeats; /* what it says was told before, up to the last line */
	struct haproxy_sess session;
	struct linebuf reader;
};

enum { NOW, BEFORE, PROBE, LINKS };

struct haproxy_ring {
	struct pairsource feed;
	const char *path, *ring;
	struct linktype_info linktypes[LINKS];
	struct identity who;   /* whom NOW is connected to, once it has said so */
	int64_t before_end_ns; /* CLOCK_MONOTONIC, as all here but newest_ns */
	int64_t probed_ns, tried_ns;
	/* Of NOW's process: the time of the newest line, and the last line, as far as it tells one
	 * from another. */
	int64_t newest_ns;
	char last[256];
	bool is_lost; /* nobody answers, and this was said */
};

static void
hang_up(struct linktype_info *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

/* Makes a connection that asks who is there, and unless it is only a probe for the rest. */
static int
call(struct haproxy_ring *ring, struct linktype_info *link, bool is_probe, bool sessions,
     struct failure *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char commands[256];
	int length;

	*link = (struct linktype_info){.fd = -1, .asks_sessions = sessions};
	linebuf_init(&link->reader);
	if (strlen(ring->path) >= sizeof(address.sun_path))
		return failure_set(why, "too long for a socket: '%s'", ring->path);
	strcpy(address.sun_path, ring->path);
	length = is_probe ? snprintf(commands, sizeof(commands), "show info\n")
			  : snprintf(commands, sizeof(commands),
				     "show info; show events;%s show events %s -w\n",
				     sessions ? " show sess all;" : "", ring->ring);
	link->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (link->fd >= 0 && connect(link->fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    send(link->fd, commands, (size_t)length, MSG_NOSIGNAL) == length)
		return 0;
	failure_errno(why, "cannot connect to HAProxy at '%s'", ring->path);
	hang_up(link);
	return -1;
}

/* "    vcap       : type=buffer, 0 dropped, vcap" */
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

/* NOW has said who it is. */
static void
meet(struct haproxy_ring *ring)
{
	struct linktype_info *link = &ring->linktypes[NOW];

	if (!is_same(&link->who, &ring->who))
		ring->newest_ns = INT64_MIN;
	ring->who = link->who;
	link->repeats = ring->newest_ns != INT64_MIN;
}

static int
finish_stage(struct haproxy_ring *ring, struct linktype_info *link, struct failure *why)
{
	if (link->stage == INFO && link == &ring->linktypes[NOW])
		meet(ring);
	if (link->stage == SINKS && !link->has_ring)
		return failure_set(why,
				   "HAProxy at '%s' has no log ring '%s' (its configuration needs "
				   "'ring %s' and 'log ring@%s', see vcap-flows(1))",
				   ring->path, ring->ring, ring->ring, ring->ring);
	if (link->stage == SESSIONS)
		ring->feed.is_current = true;
	link->stage++;
	if (link->stage == SESSIONS && !link->asks_sessions)
		link->stage++;
	return 0;
}

/* A ring has its lines in the same order each time. Should the last one have given way, only what
 * is newer is sure to be new. */
static void
take_event(struct haproxy_ring *ring, struct linktype_info *link, const char *line)
{
	const size_t most = sizeof(ring->last) - 1;
	int64_t time_ns;

	if (link->repeats && strncmp(line, ring->last, most) == 0) {
		link->repeats = false;
		return;
	}
	time_ns =
	    pairsource_log_line(&ring->feed, line, link->repeats ? ring->newest_ns + 1 : INT64_MIN);
	if (link != &ring->linktypes[NOW] || time_ns == INT64_MIN)
		return;
	if (time_ns > ring->newest_ns) {
		ring->newest_ns = time_ns;
		link->repeats = false;
	}
	if (!link->repeats)
		snprintf(ring->last, sizeof(ring->last), "%s", line);
}

static int
take_line(struct haproxy_ring *ring, struct linktype_info *link, const char *line,
	  struct failure *why)
{
	struct pairsource *feed = &ring->feed;
	struct connpair pairing;

	if (link->stage == EVENTS) {
		take_event(ring, link, line);
		return 0;
	}
	if (line[strspn(line, " \r")] == '\0')
		return finish_stage(ring, link, why);
	if (strcmp(line, "Permission denied") == 0)
		return failure_set(why, "HAProxy's socket '%s' is not of level operator",
				   ring->path);
	if (link->stage == INFO) {
		sscanf(line, "Pid: %" SCNu64, &link->who.pid);
		sscanf(line, "Start_time_sec: %" SCNu64, &link->who.start);
	} else if (link->stage == SINKS) {
		link->has_ring |= is_sink(line, ring->ring);
	} else if (haproxy_sess_take(&link->session, line, clock_realtime_ns(), &pairing)) {
		feed->report(feed->context, &pairing);
	}
	return 0;
}

/* Takes what there is. 1: the link is up; 0: it has ended; -1: it cannot go on. */
static int
listen_to(struct haproxy_ring *ring, struct linktype_info *link, struct failure *why)
{
	for (;;) {
		size_t room;
		char *space = linebuf_space(&link->reader, &room), *line;
		ssize_t size = recv(link->fd, space, room, MSG_DONTWAIT);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EAGAIN) {
			link->repeats &= link->stage != EVENTS;
			return 1;
		}
		if (size <= 0)
			return 0;
		linebuf_filled(&link->reader, (size_t)size);
		while ((line = linebuf_next(&link->reader)))
			if (take_line(ring, link, line, why) < 0)
				return -1;
	}
}

/* Connects anew, where the ring's history has what was missed. */
static void
call_again(struct haproxy_ring *ring, int64_t now_ns)
{
	struct linktype_info *link = &ring->linktypes[NOW];
	struct failure why;

	ring->tried_ns = now_ns;
	if (call(ring, link, false, false, &why) < 0) {
		if (!ring->is_lost)
			failure_set(&ring->feed.note, "%s; waiting for it", why.text);
		ring->is_lost = true;
		return;
	}
	if (ring->is_lost)
		failure_set(&ring->feed.note, "HAProxy at '%s' answers again", ring->path);
	ring->is_lost = false;
}

static int
take_now(struct haproxy_ring *ring, int64_t now_ns, struct failure *why)
{
	struct linktype_info *link = &ring->linktypes[NOW];
	int rc;

	if (link->fd < 0)
		return 0;
	rc = listen_to(ring, link, why);
	if (rc == 0) {
		hang_up(link);
		if (now_ns - ring->tried_ns >= RETRY_EVERY)
			call_again(ring, now_ns);
	}
	return rc < 0 ? -1 : 0;
}

/* Asks who is there; another one than NOW takes its place. */
static int
take_probe(struct haproxy_ring *ring, int64_t now_ns, struct failure *why)
{
	struct linktype_info *link = &ring->linktypes[PROBE], *now = &ring->linktypes[NOW];
	int rc;

	if (link->fd < 0)
		return 0;
	rc = listen_to(ring, link, why);
	if (rc == 0 && link->stage > INFO && now->fd >= 0 && now->stage > INFO &&
	    !is_same(&link->who, &ring->who)) {
		hang_up(&ring->linktypes[BEFORE]);
		ring->linktypes[BEFORE] = *now;
		ring->before_end_ns = now_ns + GRACE;
		call_again(ring, now_ns);
	}
	if (rc <= 0)
		hang_up(link);
	return rc < 0 ? -1 : 0;
}

static int
take_before(struct haproxy_ring *ring, int64_t now_ns, struct failure *why)
{
	struct linktype_info *link = &ring->linktypes[BEFORE];
	int rc;

	if (link->fd < 0)
		return 0;
	rc = listen_to(ring, link, why);
	if (rc <= 0 || now_ns >= ring->before_end_ns)
		hang_up(link);
	return rc < 0 ? -1 : 0;
}

/* What is due by now, and when the next will be. */
static void
keep_up(struct haproxy_ring *ring, int64_t now_ns)
{
	struct linktype_info *now = &ring->linktypes[NOW], *probe = &ring->linktypes[PROBE];
	struct failure why;
	int64_t due_ns;

	if (now->fd < 0 && now_ns - ring->tried_ns >= RETRY_EVERY)
		call_again(ring, now_ns);
	due_ns = now->fd < 0 ? ring->tried_ns + RETRY_EVERY : ring->probed_ns + PROBE_EVERY;
	if (now->fd >= 0 && now_ns >= due_ns) {
		/* One that has not answered within that time will not. */
		hang_up(probe);
		call(ring, probe, true, false, &why);
		ring->probed_ns = now_ns;
		due_ns = now_ns + PROBE_EVERY;
	}
	ring->feed.timeout_ms = pairsource_ms_until(due_ns, now_ns);
	for (int i = 0; i < LINKS; i++)
		ring->feed.fds[i] = (struct pollfd){.fd = ring->linktypes[i].fd, .events = POLLIN};
}

static int
take(struct pairsource *feed, struct failure *why)
{
	struct haproxy_ring *ring = (struct haproxy_ring *)feed;
	const int64_t now_ns = clock_monotonic_ns();

	/* The one that was replaced first: its lines are older. */
	if (take_before(ring, now_ns, why) < 0 || take_now(ring, now_ns, why) < 0 ||
	    take_probe(ring, now_ns, why) < 0)
		return -1;
	keep_up(ring, now_ns);
	return 1;
}

static void
haproxy_ring_close(struct pairsource *feed)
{
	struct haproxy_ring *ring = (struct haproxy_ring *)feed;

	for (int i = 0; i < LINKS; i++)
		hang_up(&ring->linktypes[i]);
	free(ring);
}

struct pairsource *
haproxy_ring_open(const char *path, const char *name, pairsource_report *report, void *context,
		  struct failure *why)
{
	struct haproxy_ring *ring = calloc(1, sizeof(*ring));

	if (!ring) {
		failure_errno(why, "cannot connect to HAProxy at '%s'", path);
		return NULL;
	}
	ring->feed = (struct pairsource){
	    .report = report, .context = context, .take = take, .close = haproxy_ring_close};
	ring->path = path;
	ring->ring = name;
	ring->newest_ns = INT64_MIN;
	for (int i = 0; i < LINKS; i++)
		ring->linktypes[i].fd = -1;
	ring->tried_ns = ring->probed_ns = clock_monotonic_ns();
	if (call(ring, &ring->linktypes[NOW], false, true, why) < 0) {
		haproxy_ring_close(&ring->feed);
		return NULL;
	}
	keep_up(ring, ring->tried_ns);
	return &ring->feed;
}
