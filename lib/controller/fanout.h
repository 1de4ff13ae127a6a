/*
 * Runs many commands in parallel, at most a given number at a time, with a limit on the time and
 * the output of each.
 */
#ifndef VCAP_FANOUT_H
#define VCAP_FANOUT_H

#include "base/failure.h"
#include "base/process.h"

#include <stddef.h>
#include <stdint.h>

#define FANOUT_OUTPUT (256u << 10) /* bytes of a task's standard output or error at most */

struct task {
	char **argv;          /* the caller's; NULL: not run, and never ended() */
	char **plain;         /* run instead if argv cannot be started; NULL: nothing is */
	const char *name;     /* the caller's, for ended() */
	int status;           /* as process_wait returns it; EXIT_TIMEOUT after the limit */
	char *out, *err;      /* its output; valid in ended() only; never NULL there */
	struct process child; /* from here on private to fanout.c */
	int out_fd, err_fd;
	int64_t deadline_ns;
};

/* Called once for each task as it ends, in the order of their ends. */
typedef void fanout_ended(const struct task *task, void *context);

struct fanout {
	struct task *tasks;
	size_t count;
	size_t jobs;        /* tasks that run at the same time at most; 1 or more */
	const char *input;  /* path of each task's standard input; NULL: /dev/null */
	int64_t timeout_ns; /* of each task; negative: none */
	fanout_ended *ended;
	void *context; /* for ended() */
};

/* Runs the tasks, which stay the caller's. Returns how many ended with a status other than 0. -1
 * with why: a task could not be started, and those that ran have been terminated. */
int fanout_run(const struct fanout *fanout, struct failure *why);

#endif
