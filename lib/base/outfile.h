/*
 * Files that appear complete or not at all.
 */
#ifndef VCAP_OUTFILE_H
#define VCAP_OUTFILE_H

#include "base/failure.h"

#include <stddef.h>

/*
 * Replaces the file name in the directory dirfd (AT_FDCWD: name is a path) by the given bytes,
 * atomically: a reader sees the old file or the new one, also after a crash. Mode 0600. -1 with
 * why: the old file is untouched.
 */
int outfile_replace(int dirfd, const char *name, const void *from, size_t size,
		    struct failure *why);

/*
 * A file that is written under a temporary name beside its own, and takes its name only when
 * outfile_commit succeeds:
 *
 *	outfile_open -> write to .fd -> outfile_commit, or outfile_abandon
 *
 * The path "-" is standard output and has no temporary name. Links in the last component are not
 * followed: the link itself is replaced. A device or FIFO is written in place.
 *
 * The temporary file is locked (flock) while it is written. An unlocked one was left by a process
 * that was killed, and outfile_open for the same path removes it.
 *
 * After outfile_open no file is opened: the sandbox may allow only renaming and removing in dirfd.
 */
struct outfile {
	int fd;
	int dirfd;  /* of the file; -1 when written in place */
	char *path; /* NULL when written in place */
	char *temporary;
};

#define OUTFILE_INIT ((struct outfile){.fd = -1, .dirfd = -1})

/* -1 with why: path is the regular file that is read as in, which would be lost. "-" is neither. */
int outfile_spare(const char *in, const char *path, struct failure *why);

/* Opens path for writing. -1 with why: out is OUTFILE_INIT and no file is left behind. */
int outfile_open(struct outfile *out, const char *path, struct failure *why);

/* Syncs, closes and renames. -1 with why: the temporary file is removed and the old one untouched.
 */
int outfile_commit(struct outfile *out, struct failure *why);
/* As outfile_commit, but an existing file of that name is a failure rather than replaced. */
int outfile_commit_new(struct outfile *out, struct failure *why);
/* Closes and removes the temporary file. Safe after a commit, and on OUTFILE_INIT. */
void outfile_abandon(struct outfile *out);

#endif
