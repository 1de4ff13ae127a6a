/*
 * stray.so, for LD_PRELOAD: a thread other than the first, when it calls poll(), does what
 * STRAY_CALL names, once, and says how it went. A capture that has been taken over would try such
 * things.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static long
read_elsewhere(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}

static long
create_elsewhere(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/tmp/stray", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
		       0600);
}

static long
make_socket(void)
{
	return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static long
run_program(void)
{
	char *const argv[] = {"sh", "-c", "echo 'stray: exec: done' >&2", NULL};

	return syscall(SYS_execve, "/bin/sh", argv, NULL);
}

static long
fork_child(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		syscall(SYS_exit_group, 0);
	return pid;
}

static long
signal_parent(void)
{
	return syscall(SYS_kill, getppid(), 0);
}

static long
trace_parent(void)
{
	return syscall(SYS_ptrace, PTRACE_SEIZE, 1, 0, 0);
}

static const struct {
	const char *name;
	long (*call)(void);
} calls[] = {
    {"read", read_elsewhere}, {"create", create_elsewhere}, {"socket", make_socket},
    {"exec", run_program},    {"fork", fork_child},         {"kill", signal_parent},
    {"ptrace", trace_parent},
};

/* syscall() rather than the wrappers: libc's poll, which this replaces, may be what they use. */
int
poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	static int tried;
	const char *wanted = getenv("STRAY_CALL");
	char line[128];

	if (wanted && getpid() != gettid() && !__atomic_exchange_n(&tried, 1, __ATOMIC_RELAXED))
		for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
			if (strcmp(calls[i].name, wanted) == 0) {
				errno = 0;
				calls[i].call();
				snprintf(line, sizeof(line), "stray: %s: %s\n", wanted,
					 errno ? strerror(errno) : "done");
				(void)!write(STDERR_FILENO, line, strlen(line));
			}
	/* Not every architecture has poll. */
	return ppoll(fds, count,
		     timeout_ms < 0
			 ? NULL
			 : &(struct timespec){timeout_ms / 1000, timeout_ms % 1000 * 1000000L},
		     NULL);
}
