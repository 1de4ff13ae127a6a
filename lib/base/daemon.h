/*
 * Becoming a daemon: the parent returns to the shell when the capture has started, with its exit
 * status if it has not; and signals arrive through a descriptor.
 */
#ifndef VCAP_DAEMON_H
#define VCAP_DAEMON_H

#include "base/failure.h"

struct daemon {
	int ready_fd; /* a byte written here releases the parent */
	int null_fd;  /* /dev/null */
};

/*
 * Forks. In the child, which has a session of its own, returns 0; *daemon is for daemon_ready. In
 * the parent, returns 1 when the child has called daemon_ready or has ended, and *status is what to
 * exit with. -1 with why, in the parent: the child could not be started, or was killed. Call before
 * any thread starts.
 */
int daemon_detach(struct daemon *daemon, int *status, struct failure *why);

/* In the child: makes standard input and output /dev/null and log_fd standard error, and releases
 * the parent. Closes log_fd and what *daemon holds. */
void daemon_ready(const struct daemon *daemon, int log_fd);

/* Blocks SIGTERM, SIGINT and SIGHUP, in this thread and those it starts, and returns a signalfd for
 * them, the caller's to close; -1 with why on failure. Ignores SIGPIPE and SIGXFSZ: they become
 * errors of write(2). */
int daemon_signals(struct failure *why);

#endif
