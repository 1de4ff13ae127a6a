/*
 * A supervisor: a process between a capture and the command that it feeds. It starts the command,
 * ends it on request or when the capture has died, and reports its exit status.
 */
#ifndef VCAP_SUPERVISOR_H
#define VCAP_SUPERVISOR_H

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>

struct supervisor {
	int orders;  /* write end: a byte ends the command; closed: the capture is gone */
	int reports; /* read end: polls readable when the command has ended */
	bool ended;
	int status; /* once ended is set: as process_wait returns it */
};

#define SUPERVISOR_INIT ((struct supervisor){.orders = -1, .reports = -1})

/* The further descriptors of the command: 3, 4 and 5. */
#define SUPERVISED_MORE  3
#define SUPERVISED_MORES 3

/* The command to run. All of it stays the caller's. */
struct supervised {
	char *const *argv;          /* NULL-ended; argv[0] is looked for on PATH */
	int in, out, err;           /* its descriptors 0, 1 and 2; -1: /dev/null, but for err */
	int dir;                    /* the directory it runs in; -1: the current one */
	int more[SUPERVISED_MORES]; /* its descriptors from SUPERVISED_MORE on; -1: none */
	bool is_privileged;         /* starts with the caller's privileges, and drops them itself */
};

/* Forks the supervisor, which starts the command. Call before any thread starts. -1 with why: the
 * command cannot be run, and no process is left. */
int supervisor_start(struct supervisor *supervisor, const struct supervised *supervised,
		     struct failure *why);

/* Waits until the command has ended, at most timeout_ms (negative: without limit). Returns whether
 * it has. Makes no system calls but read and poll. */
bool supervisor_ended(struct supervisor *supervisor, int timeout_ms);

/* Waits until fd, the read end of the command's output, is readable, at most timeout_ms. -1: the
 * command has ended without output. */
int supervisor_try(struct supervisor *supervisor, int fd, int timeout_ms);

/* Fills why from the status of a command that has ended: "'NAME' ended with status 1WHEN". Returns
 * -1, always. */
int supervisor_explain(const struct supervisor *supervisor, const char *name, const char *when,
		       struct failure *why);

/* Ends the command with SIGTERM, and two seconds later with SIGKILL; then SIGKILL for the children
 * it has left running. Does not wait. */
void supervisor_dismiss(struct supervisor *supervisor);

/* Closes both pipes. A command that still runs has a second to end, then as supervisor_dismiss. */
void supervisor_release(struct supervisor *supervisor);

#endif
