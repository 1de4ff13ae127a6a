#include "base/daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* The parent's part: 0 when the child says so, else what it exited with. */
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
daemon_detach(struct daemon *launch, int *status, struct failure *why)
{
	int fds[2], rc;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return failure_errno(why, "cannot detach");
	child = fork();
	if (child == 0) {
		close(fds[0]);
		launch->ready_fd = fds[1];
		launch->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
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
daemon_ready(const struct daemon *launch, int log_fd)
{
	dup2(launch->null_fd, STDIN_FILENO);
	dup2(launch->null_fd, STDOUT_FILENO);
	dup2(log_fd, STDERR_FILENO);
	close(launch->null_fd);
	close(log_fd);
	/* Should nobody wait any more, the capture goes on all the same. */
	(void)!write(launch->ready_fd, "r", 1);
	close(launch->ready_fd);
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
