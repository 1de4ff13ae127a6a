/*
 * Tasks write to anonymous files of limited size (memfd), not to pipes: nothing has to read while
 * they run, so one loop that waits for exits and deadlines is enough, and a task that writes
 * without end fills only its own file. The input is opened once for each task, since tasks that
 * shared a descriptor would share its offset.
 */
#include "controller/fanout.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
close_outputs(struct task *task)
{
	if (task->out_fd >= 0)
		close(task->out_fd);
	if (task->err_fd >= 0)
		close(task->err_fd);
	task->out_fd = task->err_fd = -1;
}

static int
start(const struct fanout *fanout, struct task *task, struct failure *why)
{
	int in = -1, rc = -1;

	task->child = PROCESS_INIT;
	task->out_fd = process_output_open(FANOUT_OUTPUT, why);
	task->err_fd = task->out_fd < 0 ? -1 : process_output_open(FANOUT_OUTPUT, why);
	if (fanout->input && (in = open(fanout->input, O_RDONLY | O_CLOEXEC)) < 0)
		failure_errno(why, "cannot read '%s'", fanout->input);
	else if (task->err_fd >= 0)
		rc = process_start_group(&task->child, task->argv, in, task->out_fd, task->err_fd,
					 why);
	if (rc < 0 && task->plain && task->err_fd >= 0)
		rc = process_start_group(&task->child, task->plain, in, task->out_fd, task->err_fd,
					 why);
	if (in >= 0)
		close(in);
	task->deadline_ns =
	    fanout->timeout_ns < 0 ? INT64_MAX : clock_monotonic_ns() + fanout->timeout_ns;
	if (rc < 0)
		close_outputs(task);
	return rc;
}

/* Terminates the task if it still runs, and reports it. */
static void
finish(const struct fanout *fanout, struct task *task)
{
	char *out, *err, none[] = "";

	task->status = process_wait(&task->child, 0);
	out = process_output_text(task->out_fd);
	err = process_output_text(task->err_fd);
	task->out = out ? out : none;
	task->err = err ? err : none;
	fanout->ended(task, fanout->context);
	free(out);
	free(err);
	task->out = task->err = NULL;
	close_outputs(task);
}

static bool
is_running(const struct task *task)
{
	return task->child.handle >= 0;
}

/* Waits until one of the first `end` tasks has exited or passed its deadline. */
static void
wait_any(const struct task *tasks, size_t end, struct pollfd *pollers)
{
	int64_t deadline_ns = INT64_MAX, left;
	nfds_t used = 0;

	for (size_t i = 0; i < end; i++) {
		if (!is_running(&tasks[i]))
			continue;
		pollers[used++] = (struct pollfd){tasks[i].child.handle, POLLIN, 0};
		if (tasks[i].deadline_ns < deadline_ns)
			deadline_ns = tasks[i].deadline_ns;
	}
	left = deadline_ns == INT64_MAX ? -1 : (deadline_ns - clock_monotonic_ns()) / 1000000 + 1;
	if (left < -1)
		left = 0;
	poll(pollers, used, left > 60000 ? 60000 : (int)left);
}

static bool
has_ended(const struct task *task)
{
	struct pollfd poller = {task->child.handle, POLLIN, 0};

	return poll(&poller, 1, 0) > 0;
}

/* Reports the tasks that have exited, and terminates those that passed their deadline. Returns the
 * number of both, and counts those that failed. */
static size_t
collect_ended(const struct fanout *fanout, size_t started, int *failed)
{
	size_t ended = 0;

	for (size_t i = 0; i < started; i++) {
		struct task *task = &fanout->tasks[i];

		if (!is_running(task) ||
		    (!has_ended(task) && clock_monotonic_ns() < task->deadline_ns))
			continue;
		finish(fanout, task);
		*failed += task->status != 0;
		ended++;
	}
	return ended;
}

static int
run(const struct fanout *fanout, struct pollfd *pollers, struct failure *why)
{
	size_t next = 0, running = 0;
	int failed = 0;

	while (next < fanout->count || running > 0) {
		while (next < fanout->count && running < fanout->jobs) {
			struct task *task = &fanout->tasks[next++];

			if (!task->argv)
				continue;
			if (start(fanout, task, why) < 0) {
				for (size_t i = 0; i + 1 < next; i++)
					if (is_running(&fanout->tasks[i]))
						finish(fanout, &fanout->tasks[i]);
				return -1;
			}
			running++;
		}
		wait_any(fanout->tasks, next, pollers);
		running -= collect_ended(fanout, next, &failed);
	}
	return failed;
}

int
fanout_run(const struct fanout *fanout, struct failure *why)
{
	struct pollfd *pollers = calloc(fanout->count + 1, sizeof(*pollers));
	int failed = pollers ? run(fanout, pollers, why) : failure_nomem(why);

	free(pollers);
	return failed;
}
