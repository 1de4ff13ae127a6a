/*
 * What a process without privileges, and one in the sandbox, can and cannot do: each is tried in a
 * child of its own.
 */
#include "base/outfile.h"
#include "base/priv.h"
#include "base/sandbox.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/priv.XXXXXX";
static int directory_fd;

/* Runs the step in a child. Its exit status, or 128 and the signal that ended it. */
static int
outcome(int (*step)(void))
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
		_exit(step());
	if (waitpid(child, &status, 0) != child)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void
confine_files(void)
{
	struct failure why;

	if (priv_drop_all(&why) < 0 ||
	    sandbox_confine_files(SANDBOX_ENFORCE, directory_fd, NULL, &why) < 0)
		_exit(99);
}

static void
confine_calls(enum sandbox_mode sandbox)
{
	struct failure why;

	if (priv_drop_all(&why) < 0 ||
	    sandbox_confine_calls(sandbox, SANDBOX_CALLS_CAPTURE, SANDBOX_OPENS_NONE, &why) < 0)
		_exit(99);
}

static int
drops(void)
{
	struct failure why;

	if (priv_drop_all(&why) < 0 || priv_has_net_raw())
		return 1;
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE) != 0;
}

static int
keeps_after_drop(void)
{
	struct failure why;

	return priv_drop_all(&why) < 0 || priv_keep_net_raw(&why) == 0 ||
	       !strstr(why.text, "CAP_NET_RAW") || !strstr(why.text, "setcap cap_net_raw=ep /");
}

static int
reads_elsewhere(void)
{
	confine_files();
	return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 0 : 1;
}

static int
writes_elsewhere(void)
{
	confine_files();
	return open("/tmp/priv.elsewhere", O_WRONLY | O_CREAT | O_EXCL, 0600) < 0 && errno == EACCES
		   ? 0
		   : 1;
}

static int
writes_inside(void)
{
	int fd;

	confine_files();
	fd = openat(directory_fd, "a", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	return fd < 0 || write(fd, "x", 1) != 1 ||
	       renameat(directory_fd, "a", directory_fd, "b") < 0 ||
	       unlinkat(directory_fd, "b", 0) < 0;
}

static int
works(void)
{
	int fd;

	confine_calls(SANDBOX_ENFORCE);
	fd = openat(directory_fd, "c", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	free(malloc(1 << 24));
	return fd < 0 || write(fd, "x", 1) != 1 || unlinkat(directory_fd, "c", 0) < 0;
}

/* Writes and commits a file. */
static int
commits(void)
{
	struct outfile out;
	struct failure why;
	char path[sizeof(directory) + 4];

	snprintf(path, sizeof(path), "%s/d", directory);
	if (outfile_open(&out, path, &why) < 0 || sandbox_confine(out.dirfd, NULL, &why) < 0)
		return 1;
	return write(out.fd, "x", 1) != 1 || outfile_commit(&out, &why) < 0;
}

/* Without a directory not even that. */
static int
makes_nothing(void)
{
	struct failure why;

	if (sandbox_confine(-1, NULL, &why) < 0)
		return 1;
	return unlinkat(directory_fd, "d", 0) < 0;
}

/* With a file named, all of it but the directory to write in. */
static int
confine_but(const char *name)
{
	char path[sizeof(directory) + 16];
	char *const readable[] = {path, NULL};
	struct failure why;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return sandbox_confine(-1, readable, &why);
}

static int
reads_named(void)
{
	char byte;
	int fd;

	if (confine_but("named") < 0)
		return 2;
	fd = openat(directory_fd, "named", O_RDONLY);
	return fd < 0 || read(fd, &byte, 1) != 1;
}

static int
reads_beside(void)
{
	if (confine_but("named") < 0)
		return 2;
	return openat(directory_fd, "beside", O_RDONLY) < 0 && errno == EACCES ? 0 : 1;
}

static int
writes_named(void)
{
	if (confine_but("named") < 0)
		return 2;
	return openat(directory_fd, "named", O_WRONLY) < 0;
}

static void
make(const char *name)
{
	int fd = openat(directory_fd, name, O_WRONLY | O_CREAT, 0600);

	ok(write(fd, "x", 1) == 1, "a file to read");
	close(fd);
}

static int
opens_socket(void)
{
	confine_calls(SANDBOX_ENFORCE);
	return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int
opens_existing(void)
{
	confine_calls(SANDBOX_ENFORCE);
	return open("/dev/null", O_RDONLY) < 0;
}

static int
executes(void)
{
	confine_calls(SANDBOX_ENFORCE);
	return execl("/bin/true", "true", (char *)NULL);
}

static int
forks(void)
{
	confine_calls(SANDBOX_ENFORCE);
	return fork() < 0;
}

static void *
open_later(void *fd)
{
	char byte;

	/* Waits until the other thread has confined both. */
	if (read(*(int *)fd, &byte, 1) == 1)
		socket(AF_INET, SOCK_STREAM, 0);
	return NULL;
}

static int
other_thread(void)
{
	int fds[2];
	pthread_t thread;

	if (pipe(fds) < 0 || pthread_create(&thread, NULL, open_later, &fds[0]) != 0)
		return 1;
	confine_calls(SANDBOX_ENFORCE);
	if (write(fds[1], "x", 1) != 1)
		return 2;
	pthread_join(thread, NULL);
	return 0;
}

static int
logs_only(void)
{
	confine_calls(SANDBOX_LOG);
	return socket(AF_INET, SOCK_STREAM, 0) < 0;
}

static int queue; /* of System V; -1: there are none */

/* Confined as a program of others, with another process of the user beside it. */
static void
become_foreign(pid_t *beside)
{
	static const char *const usable[] = {"/usr", NULL};
	struct failure why;
	char byte;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0 || (*beside = fork()) < 0)
		_exit(99);
	if (*beside == 0) {
		close(ends[1]);
		_exit((int)read(ends[0], &byte, 1)); /* until this one ends */
	}
	if (priv_drop_all(&why) < 0 || sandbox_confine_program(usable, &why) < 0)
		_exit(99);
}

static bool
is_forbidden(int rc)
{
	return rc < 0 && errno == EPERM;
}

static int
sets_nothing_of_another(void)
{
	const struct rlimit none = {0, 0};
	pid_t beside;
	int ends[2];

	if (pipe(ends) < 0)
		return 99;
	become_foreign(&beside);
	if (!is_forbidden(prlimit(beside, RLIMIT_CPU, &none, NULL)) ||
	    !is_forbidden(kill(beside, SIGKILL)))
		return 1;
	if (!is_forbidden(fcntl(ends[0], F_SETOWN, beside)) ||
	    !is_forbidden(fcntl(ends[0], F_SETSIG, SIGKILL)) ||
	    !is_forbidden((int)syscall(SYS_fcntl, ends[0], F_SETOWN | 1L << 40, beside)))
		return 2;
	if (queue >= 0 && !is_forbidden(msgctl(queue, IPC_RMID, NULL)))
		return 3;
	/* What a program needs of these goes on. */
	return setrlimit(RLIMIT_CORE, &none) < 0 || fcntl(ends[0], F_GETFD) < 0;
}

static int
cuts_no_file(void)
{
	char path[sizeof(directory) + 16];
	pid_t beside;

	snprintf(path, sizeof(path), "%s/named", directory);
	become_foreign(&beside);
	return !is_forbidden(truncate(path, 0)) || !is_forbidden(open(path, O_RDONLY | O_TRUNC)) ||
	       open("/usr", O_RDONLY | O_DIRECTORY) < 0;
}

static int
ends_with_its_parent(void)
{
	pid_t beside;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	become_foreign(&beside);
	return !is_forbidden(prctl(PR_SET_PDEATHSIG, 0)) || prctl(PR_SET_NAME, "x") < 0;
}

static void
test_program(void)
{
	struct failure why;

	if (sandbox_can_confine_program(&why) < 0) {
		printf("ok %u - programs # skip %s\n", ++tap_count, why.text);
		return;
	}
	queue = msgget(IPC_PRIVATE, 0600);
	ok(outcome(sets_nothing_of_another) == 0, "programs: nothing is set of another process");
	ok(outcome(cuts_no_file) == 0, "programs: no file is cut to nothing");
	ok(outcome(ends_with_its_parent) == 0, "programs: none outlives its parent");
	if (queue >= 0)
		msgctl(queue, IPC_RMID, NULL);
}

int
main(void)
{
	enum sandbox_mode sandbox = SANDBOX_ENFORCE;
	struct failure why;

	if (!mkdtemp(directory))
		return 1;
	directory_fd = open(directory, O_RDONLY | O_DIRECTORY);
	ok(outcome(drops) == 0, "everything is dropped");
	ok(outcome(keeps_after_drop) == 0, "what is missing is named, and how to grant it");
	ok(outcome(writes_inside) == 0, "files: make, write, rename, remove in the directory");
	if (outcome(reads_elsewhere) == 1) {
		printf("ok %u - files: others # skip no landlock\n", ++tap_count);
	} else {
		ok(outcome(reads_elsewhere) == 0, "files: no reading elsewhere");
		ok(outcome(writes_elsewhere) == 0, "files: no writing elsewhere");
	}
	ok(outcome(works) == 0, "calls: those a capture makes");
	ok(outcome(commits) == 0 && unlinkat(directory_fd, "d", 0) == 0,
	   "all confined: a file that was begun is finished");
	ok(outcome(logs_only) == 0, "calls: with log, others too");
	make("named");
	make("beside");
	ok(outcome(reads_named) == 0, "all confined: a file that was named is read");
	if (outcome(reads_beside) == 1)
		printf("ok %u - all confined: others # skip no landlock\n", ++tap_count);
	else
		ok(outcome(reads_beside) == 0, "all confined: none beside it");
#if !defined(__SANITIZE_ADDRESS__)
	ok(outcome(makes_nothing) == 128 + SIGSYS, "all confined: no other is touched");
	ok(outcome(writes_named) == 128 + SIGSYS, "all confined: nor is it written");
	ok(outcome(opens_socket) == 128 + SIGSYS, "calls: a socket is death");
	ok(outcome(opens_existing) == 128 + SIGSYS, "calls: so is a file that exists");
	ok(outcome(executes) == 128 + SIGSYS, "calls: so is another program");
	ok(outcome(forks) == 128 + SIGSYS, "calls: so is another process");
	ok(outcome(other_thread) == 128 + SIGSYS, "calls: in threads that ran before, too");
#endif
	test_program();
	ok(sandbox_parse("log", &sandbox, &why) == 0 && sandbox == SANDBOX_LOG, "a word");
	ok(sandbox_parse("on", &sandbox, &why) < 0 && sandbox == SANDBOX_LOG, "no word");
	is_str(why.text, "not 'enforce', 'log' or 'off': 'on'", "which is quoted");
	unlinkat(directory_fd, "named", 0);
	unlinkat(directory_fd, "beside", 0);
	rmdir(directory);
	return done_testing();
}
