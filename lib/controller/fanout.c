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
start(struct task *task, const char *input, int64_t timeout_ns, struct failure *why)
{
	int in = -1, rc = -1;

	task->child = PROCESS_INIT;
	task->out_fd = process_output_open(FANOUT_OUTPUT, why);
	task->err_fd = task->out_fd < 0 ? -1 : process_output_open(FANOUT_OUTPUT, why);
	if (input && (in = open(input, O_RDONLY | O_CLOEXEC)) < 0)
		failure_errno(why, "cannot read '%s'", input);
	else if (task->err_fd >= 0)
		rc = process_start(&task->child, task->argv, in, task->out_fd, task->err_fd, why);
	if (in >= 0)
		close(in);
	task->deadline_ns = timeout_ns < 0 ? INT64_MAX : clock_monotonic_ns() + timeout_ns;
	if (rc < 0)
		close_outputs(task);
	return rc;
}

static void
finish(struct task *task, int64_t timeout_ns, fanout_ended *ended, void *context)
{
	task->status = process_wait(&task->child, timeout_ns);
	task->out = process_output_text(task->out_fd);
	task->err = process_output_text(task->err_fd);
	ended(task, context);
	free(task->out);
	free(task->err);
	task->out = task->err = NULL;
	close_outputs(task);
}

static bool
is_running(const struct task *task)
{
	return task->child.handle >= 0;
}

/* Waits until one of the tasks before end has ended or is late. */
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

int
fanout_run(struct task *tasks, size_t count, size_t jobs, const char *input, int64_t timeout_ns,
	   fanout_ended *ended, void *context, struct failure *why)
{
	struct pollfd *pollers = calloc(count ? count : 1, sizeof(*pollers));
	size_t next = 0, running = 0;
	int failed = 0;

	if (!pollers)
		return failure_nomem(why);
	while (next < count || running > 0) {
		while (next < count && running < jobs) {
			struct task *task = &tasks[next++];

			if (!task->argv)
				continue;
			if (start(task, input, timeout_ns, why) < 0)
				goto out;
			running++;
		}
		wait_any(tasks, next, pollers);
		for (size_t i = 0; i < next; i++) {
			struct task *task = &tasks[i];

			if (!is_running(task) ||
			    (!has_ended(task) && clock_monotonic_ns() < task->deadline_ns))
				continue;
			finish(task, 0, ended, context);
			failed += task->status != 0;
			running--;
		}
	}
	free(pollers);
	return failed;
out:
	for (size_t i = 0; i + 1 < next; i++)
		if (is_running(&tasks[i]))
			finish(&tasks[i], 0, ended, context);
	free(pollers);
	return -1;
}
