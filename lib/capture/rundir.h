/*
 * The directory of a capture on an engine (vcap-spool(5)): made by vcap-run, looked at and removed
 * by vcap-host. While vcap-run is at work it holds flock(LOCK_EX) on the directory itself, so that
 * no dead process can be taken for a running one.
 *
 * Nothing here follows a symbolic link in the directory's last component or below it.
 */
#ifndef VCAP_RUNDIR_H
#define VCAP_RUNDIR_H

#include "base/failure.h"
#include "base/keyval.h"

#include <stdbool.h>
#include <stddef.h>

struct rundir {
	int fd; /* the directory, locked */
	char *path;
	bool made; /* by rundir_create */
};

#define RUNDIR_INIT ((struct rundir){.fd = -1})

/*
 * Makes path, and what is missing above it, with mode 0700, and locks it. An empty directory of
 * this user's is taken as it is, its mode made 0700; anything else that exists is refused.
 */
int rundir_create(struct rundir *dir, const char *path, struct failure *why);

/* Creates the file name, mode 0600, for writing; it must not exist. Returns its descriptor. */
int rundir_file(const struct rundir *dir, const char *name, struct failure *why);
/* Creates the file `log`, that several may write to, and that can be read back. */
int rundir_log(const struct rundir *dir, struct failure *why);
/* Creates the file name with these bytes. */
int rundir_store(const struct rundir *dir, const char *name, const void *bytes, size_t size,
		 struct failure *why);

/* Lets go of it. With discard, removes what is in it, and itself if rundir_create made it. */
void rundir_release(struct rundir *dir, bool discard);

/*
 * Reads the status of the capture in path. One that says it is running although nobody holds the
 * lock is corrected: `state partial`, `reason killed`.
 */
int rundir_status(const char *path, struct keyval *status, struct failure *why);

/* Ends the capture in path (SIGTERM), waits up to timeout_ms for it, and reads its status. */
int rundir_stop(const char *path, int timeout_ms, struct keyval *status, struct failure *why);

/* Removes the directory and the files vcap-run makes. Fails, removing nothing, if a capture runs in
 * it or something else is there. An absent one is removed already. */
int rundir_remove(const char *path, struct failure *why);

#endif
