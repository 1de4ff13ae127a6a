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

/* What is read of a file that is there already. */
#define HISTORY (1 << 20)

/* How often to look, should the kernel tell nothing of what happens in the directory. */
#define LOOK_EVERY_MS 1000

/* How long a file that has another name by now may still be written to. */
#define GRACE (10 * NS_PER_SECOND)

struct logfile {
	int fd;
	struct linebuf reader;
};

struct logtail {
	struct pairsource feed;
	const char *path;
	struct logfile now, before;
	int64_t before_end_ns; /* CLOCK_MONOTONIC */
	bool is_regular;
	bool is_missing; /* there is no file of this name, and this was said */
	int news;        /* of inotify(7); -1: none */
	char *directories[3];
};

static void
close_file(struct logfile *file)
{
	if (file->fd > STDIN_FILENO)
		close(file->fd);
	file->fd = -1;
}

/* Takes what there is. 1: not at the end; 0: for now, or for ever if it is no regular file. */
static int
take_lines(struct logtail *tail, struct logfile *file, struct failure *why)
{
	for (;;) {
		size_t room;
		char *space = linebuf_space(&file->reader, &room), *line;
		ssize_t size = read(file->fd, space, room);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EAGAIN)
			return 1;
		if (size < 0)
			return failure_errno(why, "cannot read '%s'", tail->path);
		if (size == 0)
			return 0;
		linebuf_filled(&file->reader, (size_t)size);
		while ((line = linebuf_next(&file->reader)))
			pairsource_log_line(&tail->feed, line, INT64_MIN);
		/* One that blocks is read once for each poll. */
		if (!tail->is_regular)
			return 1;
	}
}

static int
open_log(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/* Whether the file was cut; then it is read from its start. */
static void
notice_cut(struct logfile *file)
{
	struct stat st;
	off_t at = lseek(file->fd, 0, SEEK_CUR);

	if (fstat(file->fd, &st) < 0 || at < 0 || st.st_size >= at)
		return;
	lseek(file->fd, 0, SEEK_SET);
	linebuf_init(&file->reader);
}

/* Takes the file that has the name now, if it is another one. */
static int
notice_other(struct logtail *tail, struct failure *why)
{
	struct stat named, mine;
	int fd;

	if (stat(tail->path, &named) < 0) {
		if (!tail->is_missing)
			failure_errno(&tail->feed.note, "cannot read '%s', waiting for it",
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
		return failure_errno(why, "cannot read '%s' any more", tail->path);
	close_file(&tail->before);
	tail->before = tail->now;
	tail->before_end_ns = clock_monotonic_ns() + GRACE;
	tail->now.fd = fd;
	linebuf_init(&tail->now.reader);
	tail->is_missing = false;
	return 1;
}

static int
follow(struct logtail *tail, struct failure *why)
{
	char events[4096];
	int other;

	while (tail->news >= 0 && read(tail->news, events, sizeof(events)) > 0)
		;
	if (tail->before.fd >= 0 && take_lines(tail, &tail->before, why) < 0)
		return -1;
	if (tail->before.fd >= 0 && clock_monotonic_ns() >= tail->before_end_ns)
		close_file(&tail->before);
	do {
		notice_cut(&tail->now);
		if (take_lines(tail, &tail->now, why) < 0)
			return -1;
		other = notice_other(tail, why);
	} while (other > 0);
	tail->feed.is_current = true;
	return other < 0 ? -1 : 1;
}

static int
take_stream(struct logtail *tail, struct failure *why)
{
	const char *line;
	int rc = 1;

	/* It may block. */
	if (tail->feed.fds[0].revents)
		rc = take_lines(tail, &tail->now, why);
	tail->feed.is_current = true;
	if (rc == 0 && (line = linebuf_rest(&tail->now.reader)))
		pairsource_log_line(&tail->feed, line, INT64_MIN);
	return rc;
}

static int
take(struct pairsource *feed, struct failure *why)
{
	struct logtail *tail = (struct logtail *)feed;

	if (!tail->is_regular)
		return take_stream(tail, why);
	feed->timeout_ms = LOOK_EVERY_MS;
	return follow(tail, why);
}

static void
logtail_close(struct pairsource *feed)
{
	struct logtail *tail = (struct logtail *)feed;

	close_file(&tail->now);
	close_file(&tail->before);
	if (tail->news >= 0)
		close(tail->news);
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

/* The directory of the name, and that of the file if the name is a link. */
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

/* Begins with the first whole line of the last part. */
static void
skip_to_end(struct logfile *file, off_t size)
{
	char last;

	if (size <= HISTORY)
		return;
	lseek(file->fd, size - HISTORY - 1, SEEK_SET);
	if (read(file->fd, &last, 1) == 1)
		file->reader.skips = last != '\n';
}

static int
open_regular(struct logtail *tail, off_t size)
{
	if (find_directories(tail) < 0)
		return -1;
	skip_to_end(&tail->now, size);
	tail->news = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	for (char **directory = tail->directories; tail->news >= 0 && *directory; directory++)
		inotify_add_watch(tail->news, *directory, IN_MODIFY | IN_CREATE | IN_MOVED_TO);
	tail->feed.fds[0] = (struct pollfd){.fd = tail->news, .events = POLLIN};
	tail->feed.timeout_ms = 0;
	return 0;
}

struct pairsource *
logtail_open(const char *path, pairsource_report *report, void *context, struct failure *why)
{
	struct logtail *tail = calloc(1, sizeof(*tail));
	bool is_input = strcmp(path, "-") == 0;
	struct stat st;

	if (!tail) {
		failure_errno(why, "cannot read '%s'", path);
		return NULL;
	}
	tail->feed = (struct pairsource){.fds = {{.fd = -1}, {.fd = -1}, {.fd = -1}},
					 .timeout_ms = -1,
					 .report = report,
					 .context = context,
					 .take = take,
					 .close = logtail_close};
	tail->path = is_input ? "standard input" : path;
	tail->before.fd = tail->news = -1;
	tail->now.fd = is_input ? STDIN_FILENO : open_log(path);
	if (tail->now.fd >= 0 && fstat(tail->now.fd, &st) == 0) {
		tail->is_regular = S_ISREG(st.st_mode) && !is_input;
		tail->feed.fds[0] = (struct pollfd){.fd = tail->now.fd, .events = POLLIN};
		if (!tail->is_regular || open_regular(tail, st.st_size) == 0)
			return &tail->feed;
	}
	failure_errno(why, "cannot read '%s'", path);
	logtail_close(&tail->feed);
	return NULL;
}

char *const *
logtail_directories(const struct pairsource *feed)
{
	return ((const struct logtail *)feed)->directories;
}
