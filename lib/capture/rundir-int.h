/*
 * What of a capture's directory the list of them (runlist.h) looks at, too.
 */
#ifndef VCAP_RUNDIR_INT_H
#define VCAP_RUNDIR_INT_H

#include "base/failure.h"
#include "base/keyval.h"

/* Opens the directory name in the directory dirfd, or AT_FDCWD, if what is in it can only have been
 * written by this user; path is what to call it in why. Returns the descriptor, the caller's, or -1. */
int rundir_open(int dirfd, const char *name, const char *path, struct failure *why);

/* Opens the directory of a capture as rundir_status does. Returns the descriptor, the caller's, or -1. */
int rundir_open_existing(const char *path, const char *token, struct failure *why);

/* As rundir_status, of an open directory. Ends a lock that is held through this descriptor. */
int rundir_read_status(int fd, const char *path, struct keyval *status, struct failure *why);

/* Says in the log (audit.h) that the capture is removed, and for which reason if not on request. */
void rundir_log_removal(const char *path, const char *reason);

#endif
