/*
 * The directory of a capture on an engine (vcap-spool(5)): created by vcap-run, read and removed by
 * vcap-host. vcap-run holds flock(LOCK_EX) on the directory itself as long as it runs, and ends when
 * there is a file `stop` in it.
 *
 * Nothing here follows a symbolic link in the last component of the path or below it, or believes a
 * directory that belongs to another user or that others may write to.
 */
#ifndef VCAP_RUNDIR_H
#define VCAP_RUNDIR_H

#include "base/failure.h"
#include "base/keyval.h"

#include <stdbool.h>
#include <stddef.h>

/* How long a capture stays on its engine after its end, in seconds, for its controller to fetch it. */
#define RUNDIR_KEPT_S (7 * 24 * 3600)

struct rundir {
	int fd;          /* the directory, locked */
	int watch_fd;    /* inotify(7): polls readable when a file is created; -1: not available */
	char *path;      /* heap, owned */
	bool is_created; /* by rundir_create, rather than found empty */
};

#define RUNDIR_INIT ((struct rundir){.fd = -1, .watch_fd = -1})

/*
 * Creates the directory path, and those above it that are missing, with mode 0700, and locks it. An
 * existing one is used if it is empty and this user's, and gets mode 0700; anything else is
 * refused. On failure no lock is held; directories that were created stay.
 */
int rundir_create(struct rundir *dir, const char *path, struct failure *why);

/* Creates the file name, mode 0600, which must not exist, and opens it for writing. Returns its
 * descriptor or -1. */
int rundir_file(const struct rundir *dir, const char *name, struct failure *why);

/* Creates the file `log` and opens it for reading and appending. Returns its descriptor or -1. */
int rundir_log(const struct rundir *dir, struct failure *why);

/* Creates the file name with these bytes. On failure it may exist in part. */
int rundir_store(const struct rundir *dir, const char *name, const void *bytes, size_t size,
		 struct failure *why);

/* Whether somebody who may write to the directory wants the capture to end: there is a file `stop`.
 * Reads what watch_fd has. */
bool rundir_is_stopping(const struct rundir *dir);

/* Whether the directory, in which there was a file `status`, has been removed: then nobody can stop the
 * capture by it, or read it. */
bool rundir_is_gone(const struct rundir *dir);

/* Closes and unlocks the directory. */
void rundir_release(struct rundir *dir);

/* As rundir_release, and removes the files of the capture in it, and the directory if it is empty
 * then and rundir_create created it. */
void rundir_discard(struct rundir *dir);

/*
 * The next five are for the capture whose token (parse_is_token) is in the file `token`; one of
 * another token, or of none, is not touched. With token NULL any capture will do.
 */

/* Reads the status of the capture in path into *status, which it initializes. As long as the
 * directory is locked it says `state running`. If it says that although the directory is not
 * locked, it is read as `state partial`, `reason killed`. On failure *status is empty. */
int rundir_status(const char *path, const char *token, struct keyval *status, struct failure *why);

/* Ends the capture in path by a file `stop`, waits up to 30 seconds for its end, and reads its
 * status as rundir_status does. -1 with why: it cannot be stopped, or has not ended; *status is
 * then empty. */
int rundir_stop(const char *path, const char *token, struct keyval *status, struct failure *why);

/* As rundir_stop, but does not wait for the end. */
int rundir_request_stop(const char *path, const char *token, struct keyval *status,
			struct failure *why);

/* Removes the directory path and the files in it. Fails, and removes nothing, if a capture runs in
 * it or if it has a file that vcap-run does not create. A missing directory is not a failure. */
int rundir_remove(const char *path, const char *token, struct failure *why);

#endif
