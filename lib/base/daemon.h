/*
 * How a capture begins as a process: in the background once it works, and deaf to signals but for a
 * descriptor that tells of them.
 */
#ifndef VCAP_DAEMON_H
#define VCAP_DAEMON_H

#include "base/failure.h"

struct daemon {
	int ready_fd, null_fd;
};

/*
 * Goes on in a child with a session of its own, and returns 0 there; *launch is for daemon_ready.
 * The parent waits until the child has called that, or has ended, and returns 1 with the status to
 * exit with. -1: neither. Call before any thread starts.
 */
int daemon_detach(struct daemon *launch, int *status, struct failure *why);

/* The child works: it lets go of standard input and output, and its messages go to log_fd.
 * Closes all. */
void daemon_ready(const struct daemon *launch, int log_fd);

/* Blocks SIGTERM, SIGINT and SIGHUP, for threads that start later too, and returns a descriptor
 * that polls readable when one has come; -1 on failure. SIGPIPE and SIGXFSZ become errors of
 * write(2). */
int daemon_signals(struct failure *why);

#endif
