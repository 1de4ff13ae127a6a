/*
 * Child processes that run a command. A child gets SIGTERM when its parent dies, unless it is
 * detached, and inherits no descriptors but 0, 1 and 2: all others of vcap are close-on-exec.
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
	int handle;     /* a pidfd: readable once the child has ended */
	bool by_signal; /* ... before Linux 5.3 a signalfd, which may be readable early */
	bool has_group; /* it leads a process group, which ends with it */
};

#define PROCESS_INIT     ((struct process){.handle = -1})

#define PROCESS_PATH_MAX 4096 /* bytes, with the NUL */

/* The absolute path of the program that runs, whatever PATH and argv[0] say. -1 with errno set: it
 * cannot be read; path is undefined. */
int process_own_path(char path[PROCESS_PATH_MAX]);

/* The path of the program called name in the directory of the one that runs, whether it exists or
 * not. Heap; NULL with errno set on failure. */
char *process_sibling(const char *name);

enum process_closing {
	PROCESS_CLOSE_NOW,
	PROCESS_CLOSE_AT_EXEC,
};

/* Closes the descriptors from first to last (~0U: all above). Calls nothing that a child of vfork may not. */
void process_close(unsigned first, unsigned last, enum process_closing closing);

/* Leaves this process, a fork that reads what outsiders wrote, of its descriptors these alone; 0 to 2 are /dev/null
 * unless they are among them. Whatever becomes of it, it can say something only there. -1 with why: some may have
 * been closed. */
int process_keep(const int *fds, size_t count, struct failure *why);

/* Starts argv (NULL-ended; argv[0] is looked for on PATH) with these descriptors as 0, 1 and 2;
 * they stay open here, and -1 is /dev/null. -1 with why if it cannot be started, also because there
 * is no such program, or before Linux 5.3 while another child is watched; no process is left. */
int process_start(struct process *child, char *const *argv, int in, int out, int err,
		  struct failure *why);

/* As process_start, in a process group of its own: process_wait ends whatever the command has left
 * in there, so that a descriptor is not kept open by what it has started. For commands that reach
 * an engine. */
int process_start_group(struct process *child, char *const *argv, int in, int out, int err,
			struct failure *why);

/* As process_start, in a process group of its own, which is left alone: what the command leaves behind
 * stays when the group of this process is ended. */
int process_start_apart(struct process *child, char *const *argv, int in, int out, int err,
			struct failure *why);

/* Waits until the child has ended, at most timeout_ns (negative: without limit). Returns whether it
 * has. Call process_wait in either case. */
bool process_ended(const struct process *child, int64_t timeout_ns);

/* Waits for the child, at most timeout_ns (negative: without limit), then ends it: SIGTERM, and
 * SIGKILL two seconds later. Returns its exit status, EXIT_SIGNAL plus the number of the signal
 * that ended it, or EXIT_TIMEOUT. *child is PROCESS_INIT afterwards. */
int process_wait(struct process *child, int64_t timeout_ns);

/* process_start, then process_wait. -1 with why if the command could not be started. */
int process_run(char *const *argv, int in, int out, int err, int64_t timeout_ns,
		struct failure *why);

/* Starts argv in a session of its own, as a child of init, with /dev/null as input and log as
 * output and error, and no other descriptor. It outlives this process. -1 with why if it cannot be started. */
int process_detach(char *const *argv, int log, struct failure *why);

/*
 * An anonymous file for a child's output, of at most size bytes: writing more fails (EPERM).
 * Returns the descriptor, the caller's; -1 with why on failure.
 */
int process_output_open(size_t size, struct failure *why);

/* What has been written to a descriptor of process_output_open so far. Heap, ended by a NUL; a NUL
 * within becomes '?'. NULL: out of memory. */
char *process_output_text(int fd);

/* An anonymous file with these bytes, for a child's input. Returns the descriptor, the caller's; -1
 * with why on failure. */
int process_input_open(const void *bytes, size_t size, struct failure *why);

#endif
