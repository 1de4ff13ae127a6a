/*
 * Commands that this one runs. A child dies with its parent (SIGTERM) unless it is detached, and it
 * has standard input, output and error and no other descriptor of the parent's (which are all
 * close-on-exec).
 */
#ifndef VCAP_PROCESS_H
#define VCAP_PROCESS_H

#include "base/exitcode.h"
#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	pid_t pid;
	int handle; /* a pidfd: readable once the child has ended */
};

#define PROCESS_INIT ((struct process){.handle = -1})

/* The absolute path of the program that runs, whatever PATH and argv[0] say. -1 with errno set: it
 * cannot be read; path is undefined. */
#define PROCESS_PATH_MAX 4096
int process_own_path(char path[PROCESS_PATH_MAX]);

/* The path of the program called name in the directory of the one that runs, whether it exists or
 * not. Heap; NULL with errno set on failure. */
char *process_sibling(const char *name);

/* Starts argv with these descriptors as 0, 1 and 2 (they stay open here; -1 is /dev/null). -1 with
 * why if it cannot be started at all, a missing program included. */
int process_start(struct process *child, char *const *argv, int in, int out, int err,
		  struct failure *why);

/* Whether the child has ended, or does so within the time (negative: however long it takes). It is
 * still to be waited for. */
bool process_ended(const struct process *child, int64_t timeout_ns);

/* Waits for the child, at most timeout_ns (negative: for ever), and then ends it: SIGTERM, and
 * SIGKILL two seconds later. Its exit status, 128 + the signal's number, or EXIT_TIMEOUT. */
int process_wait(struct process *child, int64_t timeout_ns);

/* process_start and process_wait. -1 with why if it could not be started. */
int process_run(char *const *argv, int in, int out, int err, int64_t timeout_ns,
		struct failure *why);

/* Starts argv in a session of its own, with /dev/null as input and log as output and error. It is
 * nobody's child and outlives this process. */
int process_detach(char *const *argv, int log, struct failure *why);

/*
 * A place for a child's output that it cannot overfill: an anonymous file of at most size bytes;
 * writing more fails there (EPERM). Closed by close(). -1 with why on failure.
 */
int process_output_open(size_t size, struct failure *why);
/* What has been written so far. Heap, ended by a NUL; a NUL within becomes '?'. */
char *process_output_text(int fd);
/* A descriptor to read these bytes from, for a child's input. */
int process_input_open(const void *bytes, size_t size, struct failure *why);

#endif
