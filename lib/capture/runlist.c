/*
 * To remove the wrong directory would be worse than to leave a hundred: all that is asked of one is
 * asked of its open descriptor, and the name is compared with that again under the lock. A clock
 * that is wrong, or a word in a status that is, does not suffice: the file system has to say the
 * same, whose times are of the same clock but of another moment.
 */
#include "capture/runlist.h"

#include "base/clock.h"
#include "base/datetime.h"
#include "base/parse.h"
#include "capture/rundir-int.h"
#include "capture/rundir.h"
#include "capture/runfiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_MAX  4096
#define REMOVALS_MAX 64 /* at a time: a request is to be answered */

/* A capture that was found. */
struct run {
	int fd;
	char *path;
	struct keyval status;
	bool is_running;
	int64_t expires_ns; /* unless it is running */
};

static void
run_close(struct run *run)
{
	keyval_release(&run->status);
	free(run->path);
	close(run->fd);
}

/* When the file was last written; 0: there is none. */
static int64_t
written_ns(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return st.st_mtim.tv_sec * NS_PER_SECOND + st.st_mtim.tv_nsec;
}

/* When the capture was last seen alive; 0: this is no directory of vcap-run. It may have been killed
 * before its first status, or while it was removed. */
static int64_t
last_ns(int fd)
{
	int64_t last = written_ns(fd, "status");

	if (last == 0 && (written_ns(fd, "log") != 0 || written_ns(fd, "token") != 0))
		last = written_ns(fd, ".");
	return last;
}

/* The later of what the status says and what its age does. */
static int64_t
expiry_ns(const struct keyval *status, int64_t last)
{
	const char *word = keyval_get(status, "expires");
	const int64_t least = last + RUNDIR_KEPT_S * NS_PER_SECOND;
	int64_t stated;

	return word && parse_offset(word, &stated, NULL) == 0 && stated > least ? stated : least;
}

/* Opens the entry if it is a capture of this user's that was last written before that time. */
static bool
run_open(struct run *run, int dirfd, const char *directory, const char *name, int64_t before)
{
	const char *state;
	int64_t last;

	*run = (struct run){.fd = rundir_open(dirfd, name, name, NULL)};
	if (run->fd < 0)
		return false;
	last = last_ns(run->fd);
	if (last == 0 || last >= before || asprintf(&run->path, "%s/%s", directory, name) < 0) {
		close(run->fd);
		return false;
	}
	if (rundir_read_status(run->fd, run->path, &run->status, NULL) < 0) {
		run_close(run);
		return false;
	}
	state = keyval_get(&run->status, "state");
	run->is_running = state && strcmp(state, "running") == 0;
	run->expires_ns = expiry_ns(&run->status, last);
	return true;
}

/* Whether name is still what is open. */
static bool
is_same(int dirfd, const char *name, int fd)
{
	struct stat one, other;

	return fstat(fd, &one) == 0 && fstatat(dirfd, name, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static bool
remove_run(int dirfd, const char *name, int fd)
{
	char foreign[NAME_MAX + 1];

	return flock(fd, LOCK_EX | LOCK_NB) == 0 && is_same(dirfd, name, fd) &&
	       runfiles_find_foreign(fd, foreign) == 0 && !*foreign && runfiles_remove(fd) == 0 &&
	       unlinkat(dirfd, name, AT_REMOVEDIR) == 0;
}

/* Returns whether it was removed. */
static bool
expire(int dirfd, const char *directory, const char *name, notices_print *print)
{
	const int64_t now = clock_realtime_ns();
	char time[DATETIME_TEXT];
	bool is_removed = false;
	struct run run;

	if (!parse_is_capture(name) ||
	    !run_open(&run, dirfd, directory, name, now - RUNDIR_KEPT_S * NS_PER_SECOND))
		return false;
	if (!run.is_running && run.expires_ns < now)
		is_removed = remove_run(dirfd, name, run.fd);
	if (is_removed)
		rundir_log_removal(run.path, "expired");
	if (is_removed)
		print("removed '%s', which expired on %s", run.path,
		      datetime_format(run.expires_ns, time));
	run_close(&run);
	return is_removed;
}

void
runlist_expire(const char *directory, const char *keep, notices_print *print)
{
	DIR *entries = opendir(directory);
	const struct dirent *entry;
	size_t removed = 0;

	for (size_t i = 0; entries && i < ENTRIES_MAX && removed < REMOVALS_MAX; i++) {
		if (!(entry = readdir(entries)))
			break;
		if (!keep || strcmp(entry->d_name, keep) != 0)
			removed += expire(dirfd(entries), directory, entry->d_name, print);
	}
	if (entries)
		closedir(entries);
}

void
runlist_expire_beside(const char *path, notices_print *print)
{
	/* Both functions may change what they are given. */
	char *above = strdup(path), *name = strdup(path);

	if (above && name)
		runlist_expire(dirname(above), basename(name), print);
	free(above);
	free(name);
}

static void
write_run(const struct run *run, const char *key, const char *name, FILE *out)
{
	const char *state = keyval_get(&run->status, "state"), *by = keyval_get(&run->status, "by");
	char token[17] = "";
	int fd = openat(run->fd, "token", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0) {
		ssize_t n = read(fd, token, sizeof(token));

		token[n == 16 ? n : 0] = '\0';
		close(fd);
	}
	fprintf(out, "%s%s%s %s %s %" PRIu64, key ? key : "", key ? " " : "", name,
		parse_is_token(token) ? token : "-", parse_is_name(state) ? state : "-",
		runfiles_size(run->fd));
	if (run->is_running)
		fprintf(out, " -");
	else
		fprintf(out, " " CLOCK_FORMAT, CLOCK_ARGS(run->expires_ns));
	fprintf(out, " %s\n", by && *by ? by : "-");
}

int
runlist_write(const char *directory, const char *key, size_t max, FILE *out, notices_print *print,
	      struct failure *why)
{
	DIR *entries = opendir(directory);
	const struct dirent *entry;
	size_t written = 0, looked = 0;
	struct run run;

	if (!entries)
		return errno == ENOENT ? 0 : failure_errno(why, "cannot read '%s'", directory);
	while (written <= max && looked++ < ENTRIES_MAX && (entry = readdir(entries))) {
		const char *name = entry->d_name;

		if ((!parse_is_name(name) && !parse_is_capture(name)) ||
		    !run_open(&run, dirfd(entries), directory, name, INT64_MAX))
			continue;
		if (written++ < max)
			write_run(&run, key, name, out);
		run_close(&run);
	}
	closedir(entries);
	if (written > max || looked > ENTRIES_MAX)
		print("'%s' has more captures than are listed", directory);
	return 0;
}
