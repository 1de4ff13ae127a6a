/*
 * A file is written under a temporary name in its own directory and renamed when it is complete, so
 * that a reader, or a crash, finds the old file or the new one. The temporary file is locked while
 * its writer lives: one without a lock belongs to a dead process, and the next writer of the same
 * path removes it.
 */
#include "base/outfile.h"

#include "base/fileio.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int
open_directory_of(const char *path)
{
	char *folder =
	    base_name(path) == path ? strdup(".") : strndup(path, (size_t)(base_name(path) - path));
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(folder);
	return fd;
}

/* A directory entry is only safe on disk once its directory is. Not every file system can sync a
 * directory (EINVAL), and then there is nothing more to do. */
static int
sync_directory(int fd)
{
	return fsync(fd) < 0 && errno != EINVAL ? -1 : 0;
}

/* "DIR/.NAME.PID.tmp" for "DIR/NAME": hidden, in the same directory so that rename works. */
static char *
temporary_name(const char *path)
{
	int folder = (int)(base_name(path) - path);
	char *name = NULL;

	if (asprintf(&name, "%.*s.%s.%ld.tmp", folder, path, path + folder, (long)getpid()) < 0)
		return NULL;
	return name;
}

/* Opens a fresh temporary file; one left by a dead process of the same id is removed first. */
static int
temporary_open(int dirfd, const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dirfd, name, flags, 0600);

	if (fd < 0 && errno == EEXIST && unlinkat(dirfd, name, 0) == 0)
		fd = openat(dirfd, name, flags, 0600);
	return fd;
}

/* Whether this is the temporary name of a file called name, in whatever process. */
static bool
is_temporary_name(const char *word, const char *name)
{
	const size_t length = strlen(name);

	if (word[0] != '.' || strncmp(word + 1, name, length) != 0 || word[1 + length] != '.')
		return false;
	word += length + 2;
	if (!isdigit((unsigned char)*word))
		return false;
	while (isdigit((unsigned char)*word))
		word++;
	return strcmp(word, ".tmp") == 0;
}

static void
remove_unlocked(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(dirfd, name, 0);
	close(fd);
}

/* Removes temporary files of the same file whose writers were killed: living ones hold a lock. */
static void
remove_stale(int dirfd, const char *name)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (is_temporary_name(entry->d_name, name))
			remove_unlocked(fd, entry->d_name);
	if (folder)
		closedir(folder);
	else if (fd >= 0)
		close(fd);
}

/* Opens a fresh temporary file and locks it. One that was taken for stale in between has been
 * removed. */
static int
temporary_claim(int dirfd, const char *name)
{
	struct stat st;
	int fd;

	while ((fd = temporary_open(dirfd, name)) >= 0) {
		/* A file system without locks: other processes cannot lock it either. */
		if (flock(fd, LOCK_EX) < 0 || fstat(fd, &st) < 0 || st.st_nlink > 0)
			break;
		close(fd);
	}
	return fd;
}

int
outfile_replace(int dirfd, const char *name, const void *from, size_t size, struct failure *why)
{
	char *temporary = temporary_name(name);
	int fd = temporary ? temporary_open(dirfd, temporary) : -1;
	bool written = fd >= 0 && fileio_write_all(fd, from, size) == 0;

	if (fd >= 0 && close(fd) < 0)
		written = false;
	if (written && renameat(dirfd, temporary, dirfd, name) == 0) {
		free(temporary);
		return 0;
	}
	failure_errno(why, "cannot write '%s'", name);
	if (fd >= 0)
		unlinkat(dirfd, temporary, 0);
	free(temporary);
	return -1;
}

int
outfile_spare(const char *in, const char *path, struct failure *why)
{
	struct stat from, to;

	if (strcmp(in, "-") == 0 || strcmp(path, "-") == 0 || stat(in, &from) < 0 ||
	    lstat(path, &to) < 0 || !S_ISREG(to.st_mode) || from.st_dev != to.st_dev ||
	    from.st_ino != to.st_ino)
		return 0;
	return failure_set(why, "'%s' is the input and would be overwritten", path);
}

int
outfile_open(struct outfile *out, const char *path, struct failure *why)
{
	struct stat st;

	*out = OUTFILE_INIT;
	if (strcmp(path, "-") == 0) {
		out->fd = STDOUT_FILENO;
		return 0;
	}
	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return failure_errno(why, "cannot write '%s'", path);
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		out->fd = open(path, O_WRONLY | O_CLOEXEC);
		return out->fd < 0 ? failure_errno(why, "cannot write '%s'", path) : 0;
	}
	out->path = strdup(path);
	out->temporary = temporary_name(path);
	if (out->path && out->temporary)
		out->dirfd = open_directory_of(path);
	if (out->dirfd >= 0) {
		remove_stale(out->dirfd, base_name(out->path));
		out->fd = temporary_claim(out->dirfd, base_name(out->temporary));
	}
	if (out->fd < 0) {
		failure_errno(why, "cannot write '%s'", path);
		free(out->temporary);
		out->temporary = NULL;
		outfile_abandon(out);
		return -1;
	}
	return 0;
}

static int
commit(struct outfile *out, unsigned rename_flags, struct failure *why)
{
	const char *name = out->path ? out->path : "standard output";
	int rc = 0;

	if (out->path && fsync(out->fd) < 0 && errno != EINVAL && errno != EROFS)
		rc = failure_errno(why, "cannot write '%s'", name);
	if (close(out->fd) < 0 && rc == 0)
		rc = failure_errno(why, "cannot write '%s'", name);
	out->fd = -1;
	if (out->path && rc == 0) {
		if (renameat2(out->dirfd, base_name(out->temporary), out->dirfd, base_name(name),
			      rename_flags) < 0)
			rc = failure_errno(why, "cannot write '%s'", name);
		else if (sync_directory(out->dirfd) < 0)
			rc = failure_errno(why, "cannot write the directory of '%s'", name);
	}
	outfile_abandon(out);
	return rc;
}

int
outfile_commit(struct outfile *out, struct failure *why)
{
	return commit(out, 0, why);
}

int
outfile_commit_new(struct outfile *out, struct failure *why)
{
	return commit(out, RENAME_NOREPLACE, why);
}

void
outfile_abandon(struct outfile *out)
{
	if (out->fd >= 0)
		close(out->fd);
	if (out->temporary)
		unlinkat(out->dirfd, base_name(out->temporary), 0);
	if (out->dirfd >= 0)
		close(out->dirfd);
	free(out->path);
	free(out->temporary);
	*out = OUTFILE_INIT;
}
