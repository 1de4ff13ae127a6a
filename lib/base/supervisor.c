/*
 * A capture in its sandbox can neither signal another process nor wait for one, and a capture that
 * is killed can do nothing at all. So a process between them is forked while that is still allowed.
 * It drops its privileges, makes a process group of its own, starts the command in it, and polls
 * the command's pidfd and the pipe of orders, which also reports the capture's death by being
 * closed. At the end it kills the process group, itself included: nothing that the command has
 * started survives. Start and exit status go back through the pipe of reports.
 */
#include "base/supervisor.h"

#include "base/fileio.h"
#include "base/priv.h"
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Time for a command to end by itself at the end of its input */
#define GRACE_NS INT64_C(1000000000)

/* When a supervisor starts, all descriptors of the capture are below this: rings are opened later.
 */
#define FIRST_FREE_FD 64

/* Sent twice: when the command has been started, or could not be; and when it has ended. */
struct report {
	int status; /* -1: it could not be started, and why says so */
	struct failure why;
};

static _Noreturn void
leave(int reports, const struct report *report)
{
	(void)!write(reports, report, sizeof(*report));
	/* The process group: this process, the command, and the command's own children. */
	kill(0, SIGKILL);
	_exit(0);
}

/* Waits until the command ends, an order arrives or the capture ends. The command's status. */
static int
watch(struct process *child, int orders)
{
	struct pollfd pollers[] = {{.fd = child->handle, .events = POLLIN},
				   {.fd = orders, .events = POLLIN}};
	char order;

	while (poll(pollers, 2, -1) < 0 && errno == EINTR)
		;
	if (pollers[0].revents)
		return process_wait(child, -1);
	return process_wait(child, read(orders, &order, 1) == 1 ? 0 : GRACE_NS);
}

/* In the supervisor. Moves the descriptors it needs above FIRST_FREE_FD and closes all others. */
static _Noreturn void
run_supervisor(const struct supervised *supervised, int orders, int reports)
{
	const int wanted[] = {
	    supervised->in, supervised->out,     supervised->dir,     orders,
	    reports,        supervised->more[0], supervised->more[1], supervised->more[2]};
	int kept[5 + SUPERVISED_MORES], *more = kept + 5,
					null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct report report = {0};
	struct process child;

	for (size_t i = 0; i < 5 + SUPERVISED_MORES; i++)
		kept[i] = wanted[i] < 0 ? -1 : fcntl(wanted[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	reports = kept[4];
	/* Standard input and output are the capture's. */
	dup2(supervised->err, STDERR_FILENO);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	process_close(STDERR_FILENO + 1, FIRST_FREE_FD - 1, PROCESS_CLOSE_NOW);
	setpgid(0, 0);
	if (kept[2] >= 0 && fchdir(kept[2]) < 0)
		report.status = failure_errno(&report.why, "cannot run '%s'", supervised->argv[0]);
	/* It may be locked, by all who have it open: the lock must end with the capture. */
	fileio_close(&kept[2]);
	/* The command inherits these under their final numbers. */
	for (int i = 0; i < SUPERVISED_MORES; i++)
		if (more[i] >= 0)
			dup2(more[i], SUPERVISED_MORE + i);
	if (report.status < 0 || (!supervised->is_privileged && priv_drop_all(&report.why) < 0) ||
	    process_start(&child, supervised->argv, kept[0], kept[1], STDERR_FILENO, &report.why) <
		0 ||
	    priv_drop_all(&report.why) < 0) {
		report.status = -1;
		leave(reports, &report);
	}
	fileio_close(&kept[0]);
	fileio_close(&kept[1]);
	for (int i = 0; i < SUPERVISED_MORES; i++)
		if (more[i] >= 0) {
			fileio_close(&more[i]);
			close(SUPERVISED_MORE + i);
		}
	if (write(reports, &report, sizeof(report)) != sizeof(report))
		kill(0, SIGKILL);
	report.status = watch(&child, kept[3]);
	leave(reports, &report);
}

static int
read_report(struct supervisor *supervisor, struct failure *why)
{
	struct report report;

	if (fileio_read_full(supervisor->reports, &report, sizeof(report)) != sizeof(report))
		return failure_set(why, "the command's supervisor has died");
	supervisor->status = report.status;
	if (report.status < 0)
		return failure_set(why, "%s", report.why.text);
	return 0;
}

int
supervisor_start(struct supervisor *supervisor, const struct supervised *supervised,
		 struct failure *why)
{
	int orders[2], reports[2];
	pid_t pid;

	*supervisor = SUPERVISOR_INIT;
	if (pipe2(orders, O_CLOEXEC) < 0)
		return failure_errno(why, "cannot run '%s'", supervised->argv[0]);
	if (pipe2(reports, O_CLOEXEC) < 0) {
		failure_errno(why, "cannot run '%s'", supervised->argv[0]);
		close(orders[0]);
		close(orders[1]);
		return -1;
	}
	pid = fork();
	if (pid == 0)
		run_supervisor(supervised, orders[0], reports[1]);
	close(orders[0]);
	close(reports[1]);
	supervisor->orders = orders[1];
	supervisor->reports = reports[0];
	if (pid < 0)
		failure_errno(why, "cannot run '%s'", supervised->argv[0]);
	else if (read_report(supervisor, why) == 0)
		return 0;
	supervisor_release(supervisor);
	return -1;
}

bool
supervisor_ended(struct supervisor *supervisor, int timeout_ms)
{
	struct pollfd poller = {.fd = supervisor->reports, .events = POLLIN};
	struct failure why;

	if (supervisor->ended || supervisor->reports < 0)
		return true;
	if (poll(&poller, 1, timeout_ms) <= 0)
		return false;
	/* A supervisor that was killed has killed the command. */
	if (read_report(supervisor, &why) < 0)
		supervisor->status = EXIT_SIGNAL + SIGKILL;
	supervisor->ended = true;
	return true;
}

int
supervisor_try(struct supervisor *supervisor, int fd, int timeout_ms)
{
	struct pollfd pollers[] = {{.fd = fd, .events = POLLIN},
				   {.fd = supervisor->reports, .events = POLLIN}};

	/* The output is closed a moment before the end is reported. */
	if (poll(pollers, 2, timeout_ms) <= 0 || pollers[0].revents & POLLIN ||
	    !supervisor_ended(supervisor, timeout_ms))
		return 0;
	return -1;
}

int
supervisor_explain(const struct supervisor *supervisor, const char *name, const char *when,
		   struct failure *why)
{
	const int status = supervisor->status;

	if (status > EXIT_SIGNAL)
		return failure_set(why, "'%s' was ended by signal %d%s", name, status - EXIT_SIGNAL,
				   when);
	return failure_set(why, "'%s' ended with status %d%s", name, status, when);
}

void
supervisor_dismiss(struct supervisor *supervisor)
{
	if (supervisor->orders >= 0)
		(void)!write(supervisor->orders, "", 1);
}

void
supervisor_release(struct supervisor *supervisor)
{
	fileio_close(&supervisor->orders);
	fileio_close(&supervisor->reports);
}
