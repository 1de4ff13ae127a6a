/*
 * Like tail -F: a file that was renamed is read on for GRACE while its writer still has it open,
 * and the new file of the name is read beside it; a file that is shorter than what was read of it
 * was truncated. inotify on the directory wakes the reader, and it looks each second anyway, as
 * some file systems have no events.
 */
#include "flows/logtail.h"

#include "base/clock.h"
#include "base/linebuf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* How much of an existing file is read, in bytes before its end. */
#define HISTORY (1 << 20)

/* How often to look even without an event of inotify. */
#define LOOK_EVERY_MS 1000

/* How long a file that was renamed is read on, in nanoseconds. */
#define GRACE (10 * NS_PER_SECOND)

struct logfile {
	int fd;
	struct linebuf lines;
};

struct logtail {
	struct pairsource source;
	const char *path;
	struct logfile now, before;
	int64_t before_end_ns; /* CLOCK_MONOTONIC */
	bool is_regular;
	bool is_missing;      /* there is no file of this name, and a note has said so */
	int inotify;          /* descriptor of inotify(7); -1: none */
	char *directories[3]; /* to watch; heap, each owned, NULL-ended */
};

static void
close_file(struct logfile *file)
{
	if (file->fd > STDIN_FILENO)
		close(file->fd);
	file->fd = -1;
}

/* Reads the lines that have arrived. 1: more may follow; 0: the end, which of a regular file may
 * move. */
static int
read_lines(struct logtail *tail, struct logfile *file, struct failure *why)
{
	for (;;) {
		size_t room;
		char *space = linebuf_space(&file->lines, &room), *line;
		ssize_t size = read(file->fd, space, room);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EAGAIN)
			return 1;
		if (size < 0)
			return failure_errno(why, "cannot read '%s'", tail->path);
		if (size == 0)
			return 0;
		linebuf_filled(&file->lines, (size_t)size);
		while ((line = linebuf_next(&file->lines)))
			tail->source.line(&tail->source, line, INT64_MIN);
		/* One that may block is read once for each poll. */
		if (!tail->is_regular)
			return 1;
	}
}

static int
open_log(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/* A file that was truncated is read from its start. */
static void
notice_truncation(struct logfile *file)
{
	struct stat st;
	off_t at = lseek(file->fd, 0, SEEK_CUR);

	if (fstat(file->fd, &st) < 0 || at < 0 || st.st_size >= at)
		return;
	lseek(file->fd, 0, SEEK_SET);
	linebuf_init(&file->lines);
}

/* Opens the file that has the name now, if it is another one. 1: it is; 0: no; -1: cannot open. */
static int
notice_rotation(struct logtail *tail, struct failure *why)
{
	struct stat named, mine;
	int fd;

	if (stat(tail->path, &named) < 0) {
		if (!tail->is_missing)
			failure_errno(&tail->source.note, "cannot read '%s', waiting for it",
				      tail->path);
		tail->is_missing = true;
		return 0;
	}
	if (tail->now.fd >= 0 && fstat(tail->now.fd, &mine) == 0 && mine.st_ino == named.st_ino &&
	    mine.st_dev == named.st_dev) {
		tail->is_missing = false;
		return 0;
	}
	fd = open_log(tail->path);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return failure_errno(why, "can no longer read '%s'", tail->path);
	close_file(&tail->before);
	tail->before = tail->now;
	tail->before_end_ns = clock_monotonic_ns() + GRACE;
	tail->now.fd = fd;
	linebuf_init(&tail->now.lines);
	tail->is_missing = false;
	return 1;
}

/* Reads a regular file, across rotations. */
static int
follow(struct logtail *tail, struct failure *why)
{
	char events[4096];
	int other;

	while (tail->inotify >= 0 && read(tail->inotify, events, sizeof(events)) > 0)
		;
	if (tail->before.fd >= 0 && read_lines(tail, &tail->before, why) < 0)
		return -1;
	if (tail->before.fd >= 0 && clock_monotonic_ns() >= tail->before_end_ns)
		close_file(&tail->before);
	do {
		notice_truncation(&tail->now);
		if (read_lines(tail, &tail->now, why) < 0)
			return -1;
		other = notice_rotation(tail, why);
	} while (other > 0);
	tail->source.is_current = true;
	return other < 0 ? -1 : 1;
}

/* Reads a pipe or standard input. */
static int
read_stream(struct logtail *tail, struct failure *why)
{
	const char *line;
	int rc = 1;

	if (tail->source.fds[0].revents)
		rc = read_lines(tail, &tail->now, why);
	tail->source.is_current = true;
	if (rc == 0 && (line = linebuf_rest(&tail->now.lines)))
		tail->source.line(&tail->source, line, INT64_MIN);
	return rc;
}

static int
logtail_read(struct pairsource *source, struct failure *why)
{
	struct logtail *tail = (struct logtail *)source;

	if (!tail->is_regular)
		return read_stream(tail, why);
	source->timeout_ms = LOOK_EVERY_MS;
	return follow(tail, why);
}

static void
logtail_close(struct pairsource *source)
{
	struct logtail *tail = (struct logtail *)source;

	close_file(&tail->now);
	close_file(&tail->before);
	if (tail->inotify >= 0)
		close(tail->inotify);
	free(tail->directories[0]);
	free(tail->directories[1]);
	free(tail);
}

static char *
directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* The directory of the name, and that of the file when the name is a symbolic link. */
static int
find_directories(struct logtail *tail)
{
	char file[PATH_MAX], *other;

	tail->directories[0] = directory_of(tail->path);
	if (!tail->directories[0] || !realpath(tail->path, file))
		return -1;
	other = directory_of(file);
	if (!other)
		return -1;
	tail->directories[1] = other;
	return 0;
}

/* Seeks to a place in the file; linebuf skips from there to the first whole line. */
static void
skip_to(struct logfile *file, off_t place)
{
	char last;

	if (place == 0)
		return;
	lseek(file->fd, place - 1, SEEK_SET);
	if (read(file->fd, &last, 1) == 1)
		file->lines.skips = last != '\n';
}

enum history { READ_HISTORY, SKIP_HISTORY };

static int
open_regular(struct logtail *tail, enum history history, off_t size)
{
	if (find_directories(tail) < 0)
		return -1;
	if (history == SKIP_HISTORY)
		skip_to(&tail->now, size);
	else if (size > HISTORY)
		skip_to(&tail->now, size - HISTORY);
	tail->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	for (char **directory = tail->directories; tail->inotify >= 0 && *directory; directory++)
		inotify_add_watch(tail->inotify, *directory, IN_MODIFY | IN_CREATE | IN_MOVED_TO);
	tail->source.fds[0] = (struct pollfd){.fd = tail->inotify, .events = POLLIN};
	tail->source.timeout_ms = 0;
	return 0;
}

static struct pairsource *
open_tail(const char *path, connpair_report *report, enum history history, void *context,
	  struct failure *why)
{
	struct logtail *tail = calloc(1, sizeof(*tail));
	const bool is_input = strcmp(path, "-") == 0;
	struct stat st;

	if (!tail) {
		failure_errno(why, "cannot read '%s'", path);
		return NULL;
	}
	tail->source = (struct pairsource){.fds = {{.fd = -1}, {.fd = -1}, {.fd = -1}},
					   .timeout_ms = -1,
					   .report = report,
					   .context = context,
					   .line = pairsource_log_line,
					   .read = logtail_read,
					   .close = logtail_close};
	tail->path = is_input ? "standard input" : path;
	tail->before.fd = tail->inotify = -1;
	tail->now.fd = is_input ? STDIN_FILENO : open_log(path);
	if (tail->now.fd >= 0 && fstat(tail->now.fd, &st) == 0) {
		tail->is_regular = S_ISREG(st.st_mode) && !is_input;
		tail->source.fds[0] = (struct pollfd){.fd = tail->now.fd, .events = POLLIN};
		if (!tail->is_regular || open_regular(tail, history, st.st_size) == 0)
			return &tail->source;
	}
	failure_errno(why, "cannot read '%s'", path);
	logtail_close(&tail->source);
	return NULL;
}

struct pairsource *
logtail_open(const char *path, connpair_report *report, void *context, struct failure *why)
{
	return open_tail(path, report, READ_HISTORY, context, why);
}

struct pairsource *
logtail_open_new(const char *path, void *context, struct failure *why)
{
	return open_tail(path, NULL, SKIP_HISTORY, context, why);
}

char *const *
logtail_directories(const struct pairsource *source)
{
	return ((const struct logtail *)source)->directories;
}
