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

/* What a command may take to end by itself once its input has. */
#define GRACE_NS INT64_C(1000000000)

/* Descriptors of the capture are below this when a guardian starts: rings come later. */
#define ABOVE 64

/* Twice: when the command was started, or was not; and when it ended. */
struct report {
	int status; /* -1: it was not started, and why says why */
	struct failure why;
};

static _Noreturn void
leave(int reports, const struct report *report)
{
	(void)!write(reports, report, sizeof(*report));
	/* The group is this process and the command with all it has left behind. */
	kill(0, SIGKILL);
	_exit(0);
}

/* Waits for the command's end, for an order, or for the capture's end, whichever comes first. */
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

/* The guardian's own life. It keeps the descriptors it needs, out of the way, and no other. */
static _Noreturn void
merge_live(const struct supervised *guarded, int orders, int reports)
{
	const int wanted[] = {guarded->in, guarded->out,     guarded->dir,     orders,
			      reports,     guarded->more[0], guarded->more[1], guarded->more[2]};
	int kept[5 + SUPERVISED_MORES], *more = kept + 5,
					null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct report report = {0};
	struct process child;

	for (size_t i = 0; i < 5 + SUPERVISED_MORES; i++)
		kept[i] = wanted[i] < 0 ? -1 : fcntl(wanted[i], F_DUPFD_CLOEXEC, ABOVE);
	reports = kept[4];
	/* What is standard error here may be the command's; input and output are the capture's. */
	dup2(guarded->err, STDERR_FILENO);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close_range(STDERR_FILENO + 1, ABOVE - 1, 0);
	setpgid(0, 0);
	if (kept[2] >= 0 && fchdir(kept[2]) < 0)
		report.status = failure_errno(&report.why, "cannot run '%s'", guarded->argv[0]);
	/* It may be locked by whoever has it open, and must not be beyond the capture's life. */
	fileio_close(&kept[2]);
	/* The child has them where they are now. */
	for (int i = 0; i < SUPERVISED_MORES; i++)
		if (more[i] >= 0)
			dup2(more[i], SUPERVISED_MORE + i);
	if (report.status < 0 || (!guarded->is_privileged && priv_drop_all(&report.why) < 0) ||
	    process_start(&child, guarded->argv, kept[0], kept[1], STDERR_FILENO, &report.why) <
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
read_report(struct supervisor *guardian, struct failure *why)
{
	struct report report;

	if (fileio_read_full(guardian->reports, &report, sizeof(report)) != sizeof(report))
		return failure_set(why, "the command's guardian has died");
	guardian->status = report.status;
	if (report.status < 0)
		return failure_set(why, "%s", report.why.text);
	return 0;
}

int
supervisor_start(struct supervisor *guardian, const struct supervised *guarded, struct failure *why)
{
	int orders[2], reports[2];
	pid_t pid;

	*guardian = SUPERVISOR_INIT;
	if (pipe2(orders, O_CLOEXEC) < 0)
		return failure_errno(why, "cannot run '%s'", guarded->argv[0]);
	if (pipe2(reports, O_CLOEXEC) < 0) {
		failure_errno(why, "cannot run '%s'", guarded->argv[0]);
		close(orders[0]);
		close(orders[1]);
		return -1;
	}
	pid = fork();
	if (pid == 0)
		merge_live(guarded, orders[0], reports[1]);
	close(orders[0]);
	close(reports[1]);
	guardian->orders = orders[1];
	guardian->reports = reports[0];
	if (pid < 0)
		failure_errno(why, "cannot run '%s'", guarded->argv[0]);
	else if (read_report(guardian, why) == 0)
		return 0;
	supervisor_release(guardian);
	return -1;
}

bool
supervisor_ended(struct supervisor *guardian, int timeout_ms)
{
	struct pollfd poller = {.fd = guardian->reports, .events = POLLIN};
	struct failure why;

	if (guardian->ended || guardian->reports < 0)
		return true;
	if (poll(&poller, 1, timeout_ms) <= 0)
		return false;
	/* One that was killed has no more to say than the command would. */
	if (read_report(guardian, &why) < 0)
		guardian->status = EXIT_SIGNAL + SIGKILL;
	guardian->ended = true;
	return true;
}

int
supervisor_try(struct supervisor *guardian, int fd, int timeout_ms)
{
	struct pollfd pollers[] = {{.fd = fd, .events = POLLIN},
				   {.fd = guardian->reports, .events = POLLIN}};

	/* The output ends a moment before its end is reported. */
	if (poll(pollers, 2, timeout_ms) <= 0 || pollers[0].revents & POLLIN ||
	    !supervisor_ended(guardian, timeout_ms))
		return 0;
	return -1;
}

int
supervisor_explain(const struct supervisor *guardian, const char *name, const char *when,
		   struct failure *why)
{
	const int status = guardian->status;

	if (status > EXIT_SIGNAL)
		return failure_set(why, "'%s' was ended by signal %d%s", name, status - EXIT_SIGNAL,
				   when);
	return failure_set(why, "'%s' ended with status %d%s", name, status, when);
}

void
supervisor_dismiss(struct supervisor *guardian)
{
	if (guardian->orders >= 0)
		(void)!write(guardian->orders, "", 1);
}

void
supervisor_release(struct supervisor *guardian)
{
	fileio_close(&guardian->orders);
	fileio_close(&guardian->reports);
}
