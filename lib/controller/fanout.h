/*
 * Many commands at once, a bounded number at a time. Each has a bounded room for what it prints, so
 * that one that never ends its answer harms nobody.
 */
#ifndef VCAP_FANOUT_H
#define VCAP_FANOUT_H

#include "base/failure.h"
#include "base/process.h"

#include <stddef.h>
#include <stdint.h>

#define FANOUT_OUTPUT (256u << 10) /* bytes of standard output, and as many of error, of a task */

struct task {
	char *const *argv;    /* the caller's; NULL: not run, and never ended() */
	const char *name;     /* the caller's, for whoever is told */
	int status;           /* as process_wait; EXIT_TIMEOUT among them */
	char *out, *err;      /* what it printed; valid in ended() only */
	struct process child; /* the rest is fanout's own */
	int out_fd, err_fd;
	int64_t deadline_ns;
};

/* Called when a task has ended, in whatever order they do. */
typedef void fanout_ended(const struct task *task, void *context);

/*
 * Runs the tasks, at most jobs at a time, each for at most timeout_ns (negative: for ever), each
 * reading input from its beginning (a path; NULL: nothing). Returns how many ended with a status
 * other than 0, or -1 with why if it could not go on; whatever runs then has been ended.
 */
int fanout_run(struct task *tasks, size_t count, size_t jobs, const char *input, int64_t timeout_ns,
	       fanout_ended *ended, void *context, struct failure *why);

#endif
