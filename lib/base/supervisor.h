/*
 * A process that keeps a command which a capture feeds. A capture that has confined itself can
 * neither signal another process nor wait for one; and one that is killed can do nothing at all. So
 * somebody stands between: forked while there is still the privilege, it gives up its own, starts
 * the command in a process group apart, ends it when it is told to or when the capture is gone, and
 * tells how it ended.
 */
#ifndef VCAP_SUPERVISOR_H
#define VCAP_SUPERVISOR_H

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>

struct supervisor {
	int orders;  /* a byte: end the command; closed: the capture is gone */
	int reports; /* polls readable when the command has ended, or could not be started */
	bool ended;
	int status; /* then, as process_wait has it */
};

#define SUPERVISOR_INIT ((struct supervisor){.orders = -1, .reports = -1})

/* The descriptors that the command has `more` as: from 3 on. */
#define SUPERVISED_MORE  3
#define SUPERVISED_MORES 3

/* What the command gets: its words, NULL-ended; descriptors 0, 1 and 2, which stay the caller's,
 * and more (-1: none); the directory it runs in (-1: this one), in which a program named by a
 * relative path is not looked for. */
struct supervised {
	char *const *argv;
	int in, out, err, dir;
	int more[SUPERVISED_MORES];
	bool is_privileged; /* it is started with the caller's privileges, which it gives up itself
			     */
};

/* Call before any thread starts. -1: the command cannot be run, and why says so. */
int supervisor_start(struct supervisor *guardian, const struct supervised *guarded,
		     struct failure *why);

/* Whether the command has ended, or does so within timeout_ms (negative: however long it takes).
 * Needs read, poll and nothing else. */
bool supervisor_ended(struct supervisor *guardian, int timeout_ms);

/* Waits until there is something to read from fd, the command's output, timeout_ms at most. -1: it
 * has ended without a word. */
int supervisor_try(struct supervisor *guardian, int fd, int timeout_ms);

/* Says of one that has ended how, as in "'NAME' ended with status 1WHEN". -1, always. */
int supervisor_explain(const struct supervisor *guardian, const char *name, const char *when,
		       struct failure *why);

/* Ends the command: SIGTERM, and SIGKILL two seconds later, to it and whatever it has started. */
void supervisor_dismiss(struct supervisor *guardian);

/* The command, if it still runs, is ended as for a capture that is gone. */
void supervisor_release(struct supervisor *guardian);

#endif
