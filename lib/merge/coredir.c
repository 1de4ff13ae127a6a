/*
 * What is checked is the directory that is open, and files are looked up in that, so that nobody
 * exchanges a part of the path in between. The files are opened later, once their number is known:
 * by their inode the caller tells that they are the same.
 */
#include "merge/coredir.h"

#include "base/array.h"
#include "base/keyval.h"
#include "base/strvec.h"
#include "packet/loss.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOSSES 64 /* lines, at most */

void
coredir_release(struct coredir *dir)
{
	for (size_t i = 0; i < dir->count; i++)
		free(dir->list[i].path);
	free(dir->list);
	free(dir->losses);
	*dir = COREDIR_INIT;
}

/* Opens the directory, if this process may trust it; *st says whose it is. */
static int
open_directory(const char *path, struct stat *st, struct failure *why)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return failure_set(why, "'%s' is a symbolic link: name the directory itself", path);
	if (fd < 0 || fstat(fd, st) < 0)
		failure_errno(why, "cannot open '%s'", path);
	else if (geteuid() == 0 && st->st_uid != 0)
		failure_set(why, "'%s' is another user's (%lu): merge it as that user", path,
			    (unsigned long)st->st_uid);
	else if (geteuid() == 0 && st->st_mode & (S_IWGRP | S_IWOTH))
		failure_set(why, "'%s' can be written to by others: what is in it is not trusted",
			    path);
	else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
compare_names(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* The names of the files of the cores, in order, and of those of the ring of dropped packets behind them. fd is taken
 * over. */
static int
list_names(int fd, const char *path, struct strvec *names, struct failure *why)
{
	DIR *entries = fdopendir(fd);
	const struct dirent *entry;
	bool has_core = false;

	if (!entries) {
		close(fd);
		return failure_errno(why, "cannot open '%s'", path);
	}
	while ((entry = readdir(entries))) {
		const bool is_core = fnmatch("core-*.pcapng", entry->d_name, 0) == 0;

		has_core |= is_core;
		if (is_core || fnmatch(LOSS_STEM ".*.pcapng", entry->d_name, 0) == 0)
			strvec_push(names, entry->d_name);
	}
	closedir(entries);
	if (names->failed)
		return failure_nomem(why);
	if (!has_core)
		return failure_set(why, "'%s' holds no core-*.pcapng", path);
	qsort(names->list, names->count, sizeof(*names->list), compare_names);
	return 0;
}

static int
add_file(struct coredir *dir, int fd, const char *path, const char *name, uid_t owner,
	 struct failure *why)
{
	struct corefile file = {0};

	if (fstatat(fd, name, &file.st, AT_SYMLINK_NOFOLLOW) < 0)
		return failure_errno(why, "cannot open '%s/%s'", path, name);
	if (!S_ISREG(file.st.st_mode))
		return failure_set(why, "'%s/%s' is not a regular file", path, name);
	if (file.st.st_uid != owner)
		return failure_set(why, "'%s/%s' is not of the owner of its directory", path, name);
	if (asprintf(&file.path, "%s/%s", path, name) < 0)
		return failure_nomem(why);
	if (array_grow(&dir->list, dir->count, sizeof(file)) < 0) {
		free(file.path);
		return failure_nomem(why);
	}
	dir->list[dir->count++] = file;
	return 0;
}

/* Sets the losses of a snapshot: its files were cut out of a capture that goes on, whose last statistics will say
 * those of all its time. Any other capture's say them already. */
static int
read_losses(struct coredir *dir, int fd, struct failure *why)
{
	struct keyval status = KEYVAL_INIT;
	struct strvec lines = STRVEC_INIT;
	int rc = 0;

	/* It may be no capture's, or without one. */
	if (keyval_load(&status, fd, "status", NULL) == 0 && keyval_get(&status, "snapshot-of"))
		for (size_t i = 0; i < status.count && lines.count < LOSSES; i++) {
			const struct keyval_pair *pair = &status.pairs[i];
			struct loss loss;

			if (strncmp(pair->key, "lost-", 5) == 0 && loss_parse(&loss, pair->value))
				strvec_pushf(&lines, LOSS_LINE "%s", pair->value);
		}
	if (lines.count && !lines.failed)
		dir->losses = strvec_join(&lines, "\n");
	if (lines.failed || (lines.count && !dir->losses))
		rc = failure_nomem(why);
	strvec_release(&lines);
	keyval_release(&status);
	return rc;
}

/* Whether packets that the kernel dropped were kept beside, in one file. Of a file without anything in it, the program that keeps
 * them has not begun. */
static bool
has_dropped(int fd)
{
	struct stat st;

	return fstatat(fd, LOSS_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (!S_ISREG(st.st_mode) || st.st_size > 0);
}

int
coredir_list(struct coredir *dir, const char *path, struct failure *why)
{
	struct strvec names = STRVEC_INIT;
	struct stat st;
	int fd = open_directory(path, &st, why), copy, rc;

	if (fd < 0)
		return -1;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	rc = copy < 0 ? failure_errno(why, "cannot open '%s'", path)
		      : list_names(copy, path, &names, why);
	for (size_t i = 0; rc == 0 && i < names.count; i++)
		rc = add_file(dir, fd, path, names.list[i], st.st_uid, why);
	if (rc == 0 && has_dropped(fd))
		rc = add_file(dir, fd, path, LOSS_FILE, st.st_uid, why);
	if (rc == 0)
		rc = read_losses(dir, fd, why);
	strvec_release(&names);
	close(fd);
	return rc;
}
