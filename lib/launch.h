/*
 * How a capture begins as a process: in the background once it works, and deaf to signals but for a
 * descriptor that tells of them.
 */
#ifndef VCAP_LAUNCH_H
#define VCAP_LAUNCH_H

#include "failure.h"

struct launch {
	int ready_fd, null_fd;
};

/*
 * Goes on in a child with a session of its own, and returns 0 there; *launch is for launch_ready.
 * The parent waits until the child has called that, or has ended, and returns 1 with the status to
 * exit with. -1: neither. Call before any thread starts.
 */
int launch_detach(struct launch *launch, int *status, struct failure *why);

/* The child works: it lets go of standard input and output, and its messages go to log_fd.
 * Closes all. */
void launch_ready(const struct launch *launch, int log_fd);

/* Blocks SIGTERM, SIGINT and SIGHUP, for threads that start later too, and returns a descriptor
 * that polls readable when one has come; -1 on failure. SIGPIPE and SIGXFSZ become errors of
 * write(2). */
int launch_signals(struct failure *why);

#endif
