/*
 * The directory of a capture on an engine (vcap-spool(5)): created by vcap-run, read and removed by
 * vcap-host. vcap-run holds flock(LOCK_EX) on the directory itself as long as it runs.
 *
 * Nothing here follows a symbolic link in the last component of the path or below it.
 */
#ifndef VCAP_RUNDIR_H
#define VCAP_RUNDIR_H

#include "base/failure.h"
#include "base/keyval.h"

#include <stdbool.h>
#include <stddef.h>

struct rundir {
	int fd;          /* the directory, locked */
	char *path;      /* heap, owned */
	bool is_created; /* by rundir_create, rather than found empty */
};

#define RUNDIR_INIT ((struct rundir){.fd = -1})

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

/* Closes and unlocks the directory. */
void rundir_release(struct rundir *dir);

/* As rundir_release, and removes the files of the capture in it, and the directory if it is empty
 * then and rundir_create created it. */
void rundir_discard(struct rundir *dir);

/* Reads the status of the capture in path into *status, which it initializes. If it says `running`
 * although the directory is not locked, it is read as `state partial`, `reason killed`. On failure
 * *status is empty. */
int rundir_status(const char *path, struct keyval *status, struct failure *why);

/* Ends the capture in path (SIGTERM), waits up to 30 seconds for its end, and reads its status as
 * rundir_status does. -1 with why: it cannot be stopped, or has not ended; *status is then empty.
 */
int rundir_stop(const char *path, struct keyval *status, struct failure *why);

/* Removes the directory path and the files in it. Fails, and removes nothing, if a capture runs in
 * it or if it has a file that vcap-run does not create. A missing directory is not a failure. */
int rundir_remove(const char *path, struct failure *why);

#endif
