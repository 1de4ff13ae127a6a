/*
 * The parent holds the reading end of a pipe, the child the writing end. A byte says that the child
 * is ready; end of file without one that it has ended, and then its exit status is the parent's. So
 * each failure up to that moment is seen where the command was started.
 */
#include "base/daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the parent: waits until the child is ready or has ended. Sets *status to 0, or to its exit
 * status. */
static int
wait_ready(pid_t child, int fd, int *status, struct failure *why)
{
	char word;
	int ended;

	if (read(fd, &word, 1) == 1) {
		*status = 0;
		return 1;
	}
	if (waitpid(child, &ended, 0) != child || !WIFEXITED(ended) || WEXITSTATUS(ended) == 0)
		return failure_set(why, "the capture ended before it began");
	*status = WEXITSTATUS(ended);
	return 1;
}

int
daemon_detach(struct daemon *daemon, int *status, struct failure *why)
{
	int fds[2], rc;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return failure_errno(why, "cannot detach");
	child = fork();
	if (child == 0) {
		close(fds[0]);
		daemon->ready_fd = fds[1];
		daemon->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		setsid();
		return 0;
	}
	close(fds[1]);
	rc = child < 0 ? failure_errno(why, "cannot detach")
		       : wait_ready(child, fds[0], status, why);
	close(fds[0]);
	return rc;
}

void
daemon_ready(const struct daemon *daemon, int log_fd)
{
	dup2(daemon->null_fd, STDIN_FILENO);
	dup2(daemon->null_fd, STDOUT_FILENO);
	dup2(log_fd, STDERR_FILENO);
	close(daemon->null_fd);
	close(log_fd);
	/* If the parent is gone the capture goes on. */
	(void)!write(daemon->ready_fd, "r", 1);
	close(daemon->ready_fd);
}

int
daemon_signals(struct failure *why)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	fd = sigprocmask(SIG_BLOCK, &set, NULL) < 0
		 ? -1
		 : signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? failure_errno(why, "cannot wait for signals") : fd;
}
