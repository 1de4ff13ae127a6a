/*
 * A pid in a file says little: the process may be dead and its pid another's, or the file may have
 * been written by somebody else. So a capture is running exactly as long as the directory is
 * locked, which the kernel ends with the process; and it is stopped by a file `stop` in the
 * directory, which only its owner can make. No process is ever signalled.
 *
 * Others may have made the directory itself ahead of time, where they may write to the one above
 * it. Its owner and mode are read from the descriptor before anything in it is.
 *
 * rundir_remove takes the lock for itself, and deletes only names that vcap-run gives to files: it
 * may be called by an engine's gate for a controller, on a path that the controller has chosen.
 */
#include "capture/rundir.h"

#include "base/audit.h"
#include "base/fileio.h"
#include "capture/rundir-int.h"
#include "capture/runfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* For a capture to end: its command may take five seconds, and a disk to sync its files. */
#define STOP_TIMEOUT_MS 30000
#define STOP_POLL_MS    20

static int
open_directory(int dirfd, const char *name)
{
	return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Without inotify, of which a user has a limited number, rundir_is_stopping has to be asked now and
 * then. */
static void
watch(struct rundir *dir)
{
	dir->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (dir->watch_fd < 0 || inotify_add_watch(dir->watch_fd, dir->path, IN_CREATE) >= 0)
		return;
	close(dir->watch_fd);
	dir->watch_fd = -1;
}

/* Locks the directory if it is this user's, empty and unlocked. It is watched before it is found
 * empty, so that no file `stop` is missed. */
static int
lock_directory(struct rundir *dir, struct failure *why)
{
	struct stat st;

	if (fstat(dir->fd, &st) < 0)
		return failure_errno(why, "cannot use '%s'", dir->path);
	if (st.st_uid != geteuid())
		return failure_set(why, "'%s' belongs to another user", dir->path);
	if (flock(dir->fd, LOCK_EX | LOCK_NB) < 0)
		return failure_set(why, "'%s' is in use by another capture", dir->path);
	watch(dir);
	if (!runfiles_is_empty(dir->fd))
		return failure_set(why, "'%s' is not empty", dir->path);
	if ((st.st_mode & 07777) != 0700 && fchmod(dir->fd, 0700) < 0)
		return failure_errno(why, "cannot change the mode of '%s'", dir->path);
	return 0;
}

int
rundir_create(struct rundir *dir, const char *path, struct failure *why)
{
	*dir = RUNDIR_INIT;
	if (fileio_make_parents(path, 0700, why) < 0)
		return -1;
	if (mkdir(path, 0700) == 0)
		dir->is_created = true;
	else if (errno != EEXIST)
		return failure_errno(why, "cannot create '%s'", path);
	dir->path = strdup(path);
	dir->fd = open_directory(AT_FDCWD, path);
	if (dir->path && dir->fd >= 0) {
		if (lock_directory(dir, why) == 0)
			return 0;
	} else if (errno == ELOOP || errno == ENOTDIR) {
		failure_set(why, "'%s' is not a directory", path);
	} else {
		failure_errno(why, "cannot use '%s'", path);
	}
	rundir_release(dir);
	return -1;
}

static int
create_file(const struct rundir *dir, const char *name, int access, struct failure *why)
{
	int fd = openat(dir->fd, name, access | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? failure_errno(why, "cannot create '%s/%s'", dir->path, name) : fd;
}

int
rundir_file(const struct rundir *dir, const char *name, struct failure *why)
{
	return create_file(dir, name, O_WRONLY, why);
}

int
rundir_log(const struct rundir *dir, struct failure *why)
{
	return create_file(dir, "log", O_RDWR | O_APPEND, why);
}

int
rundir_store(const struct rundir *dir, const char *name, const void *bytes, size_t size,
	     struct failure *why)
{
	int fd = rundir_file(dir, name, why);
	int rc;

	if (fd < 0)
		return -1;
	rc = fileio_write_all(fd, bytes, size);
	if (close(fd) < 0 || rc < 0)
		return failure_errno(why, "cannot write '%s/%s'", dir->path, name);
	return 0;
}

void
rundir_discard(struct rundir *dir)
{
	if (dir->fd >= 0) {
		runfiles_remove(dir->fd);
		if (dir->is_created)
			rmdir(dir->path);
	}
	rundir_release(dir);
}

void
rundir_release(struct rundir *dir)
{
	if (dir->watch_fd >= 0)
		close(dir->watch_fd);
	if (dir->fd >= 0)
		close(dir->fd);
	free(dir->path);
	*dir = RUNDIR_INIT;
}

bool
rundir_is_stopping(const struct rundir *dir)
{
	char events[4096];
	struct stat st;

	while (dir->watch_fd >= 0 && read(dir->watch_fd, events, sizeof(events)) > 0)
		;
	return fstatat(dir->fd, "stop", &st, AT_SYMLINK_NOFOLLOW) == 0;
}

bool
rundir_is_gone(const struct rundir *dir)
{
	struct stat st;

	/* Not every file system counts links to directories; none keeps a file in one that is gone. */
	return fstat(dir->fd, &st) == 0 && st.st_nlink == 0 &&
	       fstatat(dir->fd, "status", &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

/* A shared lock, so that processes that look at the same time do not take each other for a capture.
 */
static bool
is_running(int fd)
{
	if (flock(fd, LOCK_SH | LOCK_NB) < 0)
		return errno == EWOULDBLOCK;
	flock(fd, LOCK_UN);
	return false;
}

/* Whether what is in the directory can only have been written by this user. */
static int
check_owner(int fd, const char *path, struct failure *why)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return failure_errno(why, "cannot use '%s'", path);
	if (st.st_uid != geteuid())
		return failure_set(why, "'%s' belongs to another user", path);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return failure_set(why, "others may write to '%s'", path);
	return 0;
}

/* Whether the capture is the one of this token. */
static int
check_token(int fd, const char *path, const char *token, struct failure *why)
{
	char found[32];
	int file = openat(fd, "token", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t n = file < 0 ? 0 : read(file, found, sizeof(found));

	if (file >= 0)
		close(file);
	if (n == (ssize_t)strlen(token) && memcmp(found, token, (size_t)n) == 0)
		return 0;
	return failure_set(why, "'%s' is another capture's", path);
}

int
rundir_open(int dirfd, const char *name, const char *path, struct failure *why)
{
	int fd = open_directory(dirfd, name);

	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return failure_set(why, "'%s' is not a directory", path);
	if (fd < 0)
		return failure_errno(why, "cannot open '%s'", path);
	if (check_owner(fd, path, why) == 0)
		return fd;
	close(fd);
	return -1;
}

int
rundir_open_existing(const char *path, const char *token, struct failure *why)
{
	int fd = rundir_open(AT_FDCWD, path, path, why);

	if (fd < 0 || !token || check_token(fd, path, token, why) == 0)
		return fd;
	close(fd);
	return -1;
}

int
rundir_read_status(int fd, const char *path, struct keyval *status, struct failure *why)
{
	struct failure detail = FAILURE_INIT;
	/* Before the status is read: in between, the capture may write its last one and end. */
	bool running = is_running(fd);
	const char *state;

	if (keyval_load(status, fd, "status", &detail) < 0 && errno != ENOENT) {
		keyval_release(status);
		return failure_set(why, "in '%s': %s", path, detail.text);
	}
	state = keyval_get(status, "state");
	if (state && (strcmp(state, "running") == 0) == running)
		return 0;
	/* Until its last status is written there may be none; and from then on until its lock is
	 * free, it cannot be removed. */
	if (running ? keyval_set(status, "state", "running") < 0
		    : keyval_set(status, "state", "partial") < 0 ||
			  keyval_set(status, "reason", "killed") < 0 ||
			  keyval_set(status, "message", "vcap-run ended without saying why") < 0) {
		keyval_release(status);
		return failure_errno(why, "cannot read the status in '%s'", path);
	}
	return 0;
}

int
rundir_status(const char *path, const char *token, struct keyval *status, struct failure *why)
{
	int fd = rundir_open_existing(path, token, why);
	int rc;

	*status = KEYVAL_INIT;
	rc = fd < 0 ? -1 : rundir_read_status(fd, path, status, why);
	if (fd >= 0)
		close(fd);
	return rc;
}

static int
ask_to_stop(int fd, const char *path, struct failure *why)
{
	int stop =
	    openat(fd, "stop", O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (stop < 0)
		return failure_errno(why, "cannot stop the capture in '%s'", path);
	close(stop);
	return 0;
}

/* Waits until the capture has ended. */
static int
wait_for_end(int fd, const char *path, struct failure *why)
{
	const struct timespec pause = {.tv_nsec = STOP_POLL_MS * 1000000};

	for (int waited = 0; is_running(fd); waited += STOP_POLL_MS) {
		if (waited >= STOP_TIMEOUT_MS)
			return failure_set(why, "the capture in '%s' has not ended in %d s", path,
					   STOP_TIMEOUT_MS / 1000);
		nanosleep(&pause, NULL);
	}
	return 0;
}

enum stop_answer { WHEN_ENDED, AT_ONCE };

static int
stop(const char *path, const char *token, enum stop_answer answer, struct keyval *status,
     struct failure *why)
{
	int fd = rundir_open_existing(path, token, why);
	int rc = fd < 0 ? -1 : 0;

	*status = KEYVAL_INIT;
	if (rc == 0 && is_running(fd))
		rc = ask_to_stop(fd, path, why);
	if (rc == 0 && answer == WHEN_ENDED)
		rc = wait_for_end(fd, path, why);
	if (rc == 0)
		rc = rundir_read_status(fd, path, status, why);
	if (fd >= 0)
		close(fd);
	return rc;
}

void
rundir_log_removal(const char *path, const char *reason)
{
	struct audit audit;

	audit_begin(&audit, "remove");
	audit_add(&audit, "dir", path);
	audit_add(&audit, "reason", reason);
	audit_add_caller(&audit);
	audit_write(&audit, AUDIT_WANTED, NULL);
}

/* Removes the directory and what is in it. */
static int
remove_all(int fd, const char *path, struct failure *why)
{
	rundir_log_removal(path, NULL);
	if (runfiles_remove(fd) < 0 || rmdir(path) < 0)
		return failure_errno(why, "cannot remove '%s'", path);
	return 0;
}

int
rundir_stop(const char *path, const char *token, struct keyval *status, struct failure *why)
{
	return stop(path, token, WHEN_ENDED, status, why);
}

int
rundir_request_stop(const char *path, const char *token, struct keyval *status, struct failure *why)
{
	return stop(path, token, AT_ONCE, status, why);
}

int
rundir_remove(const char *path, const char *token, struct failure *why)
{
	char foreign[NAME_MAX + 1];
	struct stat st;
	int fd, rc = 0;

	if (lstat(path, &st) < 0 && errno == ENOENT)
		return 0;
	fd = rundir_open_existing(path, token, why);
	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		rc = failure_set(why, "a capture is running in '%s'", path);
	else if (runfiles_find_foreign(fd, foreign) < 0)
		rc = failure_errno(why, "cannot read '%s'", path);
	else if (*foreign)
		rc = failure_set(why, "'%s/%s' was not created by vcap-run", path, foreign);
	else
		rc = remove_all(fd, path, why);
	close(fd);
	return rc;
}
