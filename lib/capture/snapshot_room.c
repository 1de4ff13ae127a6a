#include "capture/snapshot_room.h"

#include "base/array.h"
#include "base/diskquota.h"
#include "base/keyval.h"
#include "capture/rundir-int.h"
#include "capture/rundir.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENTRIES_MAX 4096

static int
compare_inodes(const void *a, const void *b)
{
	const struct ringfile *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return (x->inode > y->inode) - (x->inode < y->inode);
}

/* Bytes of the files, each once. */
static uint64_t
sort_and_sum(struct ringfiles *files)
{
	uint64_t bytes = 0;

	if (files->count)
		qsort(files->list, files->count, sizeof(*files->list), compare_inodes);
	for (size_t i = 0; i < files->count; i++)
		if (i == 0 || compare_inodes(&files->list[i - 1], &files->list[i]) != 0)
			bytes += files->list[i].size;
	return bytes;
}

static int
add_all(struct ringfiles *to, const struct ringfiles *files)
{
	for (size_t i = 0; i < files->count; i++) {
		if (array_grow(&to->list, to->count, sizeof(*to->list)) < 0)
			return -1;
		to->list[to->count++] = files->list[i];
	}
	return 0;
}

/* Adds what the directory holds if it is a snapshot of that name. */
static int
add_snapshot(struct ringfiles *held, int above, const char *name, const char *ring)
{
	struct ringfiles files = RINGFILES_INIT;
	struct keyval status = KEYVAL_INIT;
	int fd = rundir_open(above, name, name, NULL), rc = 0;
	const char *of;

	if (fd < 0)
		return 0;
	if (keyval_load(&status, fd, "status", NULL) == 0 &&
	    (of = keyval_get(&status, "snapshot-of")) && strcmp(of, ring) == 0 &&
	    ringfiles_list(&files, fd, NULL) == 0)
		rc = add_all(held, &files);
	ringfiles_release(&files);
	keyval_release(&status);
	close(fd);
	return rc;
}

static int
find_held(struct ringfiles *held, const char *ring)
{
	/* Both functions may change what they are given. */
	char *above = strdup(ring), *name = strdup(ring);
	DIR *entries = above ? opendir(dirname(above)) : NULL;
	const struct dirent *entry;
	int rc = entries && name ? 0 : -1;
	const char *base = rc == 0 ? basename(name) : NULL;

	for (unsigned i = 0; rc == 0 && i < ENTRIES_MAX && (entry = readdir(entries)); i++)
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, base) != 0)
			rc = add_snapshot(held, dirfd(entries), entry->d_name, base);
	if (entries)
		closedir(entries);
	free(above);
	free(name);
	return rc;
}

/* Whether so much more may be held, of which the ring will need as much again. */
static int
check_reserve(const char *ring, uint64_t more, uint64_t reserve, struct failure *why)
{
	int dir = open(ring, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t is_free;

	if (dir < 0)
		return failure_errno(why, "cannot open '%s'", ring);
	is_free = diskquota_free_bytes(dir);
	close(dir);
	if (is_free >= reserve && is_free - reserve >= more)
		return 0;
	return failure_set(why,
			   "only %" PRIu64 " MiB of disk are free, %" PRIu64
			   " MiB are to stay free, and another snapshot of '%s' would hold %" PRIu64
			   " MiB: fetch or remove those that are there",
			   is_free >> 20, reserve >> 20, ring, more >> 20);
}

int
snapshot_room_check(const char *ring, const struct ringfiles *files,
		    const struct snapshot_limits *limits, struct failure *why)
{
	struct ringfiles held = RINGFILES_INIT;
	uint64_t before = 0, more = 0;
	int rc = find_held(&held, ring);

	if (rc < 0) {
		failure_errno(why, "cannot read what lies beside '%s'", ring);
	} else {
		before = sort_and_sum(&held);
		rc = add_all(&held, files);
		more = sort_and_sum(&held) - before;
		if (rc < 0)
			failure_nomem(why);
	}
	ringfiles_release(&held);
	if (rc < 0 || before == 0)
		return rc;
	if (before + more <= limits->max_size)
		return check_reserve(ring, more, limits->reserve, why);
	return failure_set(why,
			   "snapshots of '%s' already hold %" PRIu64 " MiB, and %" PRIu64
			   " MiB more are beyond its limit of %" PRIu64
			   " MiB: fetch or remove some",
			   ring, before >> 20, more >> 20, limits->max_size >> 20);
}
