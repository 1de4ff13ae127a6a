/*
 * A child is made by vfork: it shares the memory of its parent, which stands still until the child
 * has become the command, so that no page is copied; fork(2) costs as much as the rest of a start.
 * Until then the child only makes system calls, and returns from no function that has called vfork.
 *
 * A pipe that exec closes tells the parent whether exec worked: end of file, or the child's errno.
 * Children are watched through pidfds, which can be polled along with other descriptors and never
 * refer to another process that got the same number. Kernels before 5.3 have none. There one child at
 * a time, which is all that an engine's commands have, is watched by its SIGCHLD, blocked and read from
 * a signalfd; a second child cannot be told from the first by that, and is refused.
 */
#include "base/process.h"

#include "base/clock.h"
#include "base/fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
/* Its vfork keeps one place to return to: that of a vfork within another is the parent's, too. */
#define vfork fork
#endif

int
process_own_path(char path[PROCESS_PATH_MAX])
{
	const ssize_t length = readlink("/proc/self/exe", path, PROCESS_PATH_MAX - 1);

	if (length <= 0 || path[0] != '/')
		return -1;
	path[length] = '\0';
	return 0;
}

char *
process_sibling(const char *name)
{
	char own[PROCESS_PATH_MAX], *path;

	if (process_own_path(own) < 0)
		return NULL;
	*strrchr(own, '/') = '\0';
	return asprintf(&path, "%s/%s", own, name) < 0 ? NULL : path;
}

/* Descriptors above are not looked for where the kernel has to be asked about each. */
#define DESCRIPTORS_MAX (1 << 16)

void
process_close(unsigned first, unsigned last, enum process_closing closing)
{
	const unsigned flags = closing == PROCESS_CLOSE_AT_EXEC ? CLOSE_RANGE_CLOEXEC : 0;
	struct rlimit open_files = {DESCRIPTORS_MAX, DESCRIPTORS_MAX};

	if (close_range(first, last, (int)flags) == 0)
		return;
	/* Before Linux 5.9, and with a flag before 5.11. */
	(void)getrlimit(RLIMIT_NOFILE, &open_files);
	if (open_files.rlim_cur > DESCRIPTORS_MAX)
		open_files.rlim_cur = DESCRIPTORS_MAX;
	for (unsigned fd = first; fd <= last && fd < open_files.rlim_cur; fd++)
		if (closing == PROCESS_CLOSE_AT_EXEC)
			fcntl((int)fd, F_SETFD, FD_CLOEXEC);
		else
			close((int)fd);
}

/* The first of the descriptors from this number on; -1: none. */
static int
first_from(const int *fds, size_t count, int from)
{
	int first = -1;

	for (size_t i = 0; i < count; i++)
		if (fds[i] >= from && (first < 0 || fds[i] < first))
			first = fds[i];
	return first;
}

int
process_keep(const int *fds, size_t count, struct failure *why)
{
	const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	int last = STDERR_FILENO, from = STDERR_FILENO + 1, kept;

#ifdef __SANITIZE_ADDRESS__
	last--; /* where the sanitizer speaks */
#endif
	for (int fd = 0; fd <= last; fd++)
		if (first_from(fds, count, fd) != fd && (nowhere < 0 || dup2(nowhere, fd) < 0))
			return failure_errno(why, "cannot open '/dev/null'");
	for (; (kept = first_from(fds, count, from)) >= 0; from = kept + 1)
		if (kept > from)
			process_close((unsigned)from, (unsigned)kept - 1, PROCESS_CLOSE_NOW);
	process_close((unsigned)from, ~0U, PROCESS_CLOSE_NOW);
	return 0;
}

/* Makes fd the descriptor number target, and one that survives exec. */
static int
place(int fd, int target)
{
	if (fd < 0)
		fd = open("/dev/null", target == STDIN_FILENO ? O_RDONLY : O_WRONLY);
	if (fd == target)
		return fcntl(fd, F_SETFD, 0);
	return fd < 0 ? -1 : dup2(fd, target);
}

/* In the child: becomes argv, or reports errno through the pipe. */
static _Noreturn void
become(char *const *argv, const int fds[3], int report)
{
	sigset_t none;
	int copies[3];

	/* First out of the way: one may have the number that another is to get. */
	for (int i = 0; i < 3; i++)
		copies[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (place(copies[0], 0) >= 0 && place(copies[1], 1) >= 0 && place(copies[2], 2) >= 0)
		execvp(argv[0], argv);
	if (write(report, &errno, sizeof(errno)) < 0)
		_exit(EXIT_NOT_EXECUTABLE);
	_exit(EXIT_NOT_FOUND);
}

enum spawn_as { SPAWN_CHILD, SPAWN_GROUP, SPAWN_DETACHED };

/* In the child. */
static _Noreturn void
become_child(char *const *argv, const int fds[3], enum spawn_as as, pid_t parent, int report)
{
	if (as == SPAWN_GROUP)
		setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_NOT_FOUND);
	become(argv, fds, report);
}

/* In the child, which ends at once, so that init inherits its own child. */
static _Noreturn void
become_detached(char *const *argv, const int fds[3], int report)
{
	pid_t pid;

	setsid();
	/* Who reads the other end of a pipe that this process was given would wait. */
	process_close(3, ~0U, PROCESS_CLOSE_AT_EXEC);
	pid = vfork();
	if (pid == 0)
		become(argv, fds, report);
	if (pid < 0 && write(report, &errno, sizeof(errno)) < 0)
		_exit(1);
	_exit(0);
}

/* Executes argv in a new process. Returns the pid (detached: of a process that has ended), or -1. */
static pid_t
spawn(char *const *argv, const int fds[3], enum spawn_as as, struct failure *why)
{
	int report[2], error = 0;
	pid_t parent = getpid(), pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return failure_errno(why, "cannot run '%s'", argv[0]);
	pid = vfork();
	if (pid == 0 && as == SPAWN_DETACHED)
		become_detached(argv, fds, report[1]);
	if (pid == 0)
		become_child(argv, fds, as, parent, report[1]);
	close(report[1]);
	if (pid < 0)
		error = errno;
	else if (fileio_read_full(report[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	close(report[0]);
	if (pid > 0 && (error || as == SPAWN_DETACHED))
		waitpid(pid, NULL, 0);
	if (!error)
		return pid;
	errno = error;
	return failure_errno(why, "cannot run '%s'", argv[0]);
}

/* The child that is watched by its signal; 0: none. */
static pid_t signalling;

/* Whether this child has ended; it can still be waited for. */
static bool
has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid;
}

/* The handle of a child without pidfds, or -1 with why. */
static int
watch_by_signal(pid_t pid, struct failure *why)
{
	struct signalfd_siginfo other;
	sigset_t ends;
	int fd;

	if (signalling && !has_ended(signalling))
		return failure_set(why, "a second command at the same time takes Linux 5.3");
	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return failure_errno(why, "cannot watch a command");
	signalling = pid;
	/* That of an earlier child may be there still. */
	while (read(fd, &other, sizeof(other)) > 0)
		;
	/* What has ended before the signal was blocked has not left it. */
	if (has_ended(pid))
		kill(getpid(), SIGCHLD);
	return fd;
}

static int
start(struct process *child, char *const *argv, const int fds[3], enum spawn_as as,
      struct failure *why)
{
	*child = PROCESS_INIT;
	child->has_group = as == SPAWN_GROUP;
	child->pid = spawn(argv, fds, as, why);
	if (child->pid < 0)
		return -1;
	child->handle = pidfd_open(child->pid, 0);
	child->by_signal = child->handle < 0 && errno == ENOSYS;
	if (child->by_signal)
		child->handle = watch_by_signal(child->pid, why);
	else if (child->handle < 0)
		failure_errno(why, "cannot watch '%s'", argv[0]);
	if (child->handle >= 0)
		return 0;
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	return -1;
}

int
process_start(struct process *child, char *const *argv, int in, int out, int err,
	      struct failure *why)
{
	return start(child, argv, (const int[]){in, out, err}, SPAWN_CHILD, why);
}

int
process_start_group(struct process *child, char *const *argv, int in, int out, int err,
		    struct failure *why)
{
	return start(child, argv, (const int[]){in, out, err}, SPAWN_GROUP, why);
}

int
process_start_apart(struct process *child, char *const *argv, int in, int out, int err,
		    struct failure *why)
{
	int rc = process_start_group(child, argv, in, out, err, why);

	child->has_group = false;
	return rc;
}

/* Whether it has ended; if not, its handle becomes readable when it does. */
static bool
has_signalled(const struct process *child)
{
	struct signalfd_siginfo other;

	if (has_ended(child->pid))
		return true;
	while (read(child->handle, &other, sizeof(other)) > 0)
		;
	return has_ended(child->pid);
}

bool
process_ended(const struct process *child, int64_t timeout_ns)
{
	struct pollfd poller = {child->handle, POLLIN, 0};
	const int64_t start = clock_monotonic_ns();
	struct timespec left;
	int rc;

	if (child->by_signal && has_signalled(child))
		return true;
	do {
		const int64_t left_ns = timeout_ns - (clock_monotonic_ns() - start);

		left = clock_timespec(left_ns > 0 ? left_ns : 0);
		rc = ppoll(&poller, 1, timeout_ns < 0 ? NULL : &left, NULL);
	} while ((rc < 0 && errno == EINTR) ||
		 (rc > 0 && child->by_signal && !has_signalled(child)));
	return rc != 0;
}

int
process_wait(struct process *child, int64_t timeout_ns)
{
	const pid_t whom = child->has_group ? -child->pid : child->pid;
	bool in_time = process_ended(child, timeout_ns);
	int status;

	if (!in_time) {
		kill(whom, SIGTERM);
		if (!process_ended(child, 2 * NS_PER_SECOND))
			kill(whom, SIGKILL);
	}
	/* Before the child is waited for: until then its number is the group's alone. */
	if (child->has_group)
		kill(whom, SIGKILL);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(child->handle);
	*child = PROCESS_INIT;
	if (!in_time)
		return EXIT_TIMEOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNAL + WTERMSIG(status);
}

int
process_run(char *const *argv, int in, int out, int err, int64_t timeout_ns, struct failure *why)
{
	struct process child;

	if (process_start(&child, argv, in, out, err, why) < 0)
		return -1;
	return process_wait(&child, timeout_ns);
}

int
process_detach(char *const *argv, int log, struct failure *why)
{
	return spawn(argv, (const int[]){-1, log, log}, SPAWN_DETACHED, why) < 0 ? -1 : 0;
}

int
process_output_open(size_t size, struct failure *why)
{
	int fd = memfd_create("vcap", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && ftruncate(fd, (off_t)size) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) == 0)
		return fd;
	failure_errno(why, "no room for a command's output");
	if (fd >= 0)
		close(fd);
	return -1;
}

char *
process_output_text(int fd)
{
	/* Writer and reader share one offset: how far the writer has got. */
	off_t length = lseek(fd, 0, SEEK_CUR);
	char *text = length < 0 ? NULL : malloc((size_t)length + 1);
	ssize_t n;

	if (!text)
		return NULL;
	n = pread(fd, text, (size_t)length, 0);
	n = n < 0 ? 0 : n;
	text[n] = '\0';
	for (char *s = memchr(text, 0, (size_t)n); s; s = memchr(s, 0, (size_t)(text + n - s)))
		*s = '?';
	return text;
}

int
process_input_open(const void *bytes, size_t size, struct failure *why)
{
	int fd = memfd_create("vcap", MFD_CLOEXEC);

	if (fd >= 0 && fileio_write_all(fd, bytes, size) == 0 && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	failure_errno(why, "no room for a command's input");
	if (fd >= 0)
		close(fd);
	return -1;
}
