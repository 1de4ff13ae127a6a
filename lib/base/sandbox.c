/*
 * Two mechanisms, since neither does the other's work. Landlock confines files by directory, which
 * seccomp cannot: it sees a path as a pointer. seccomp confines system calls, so that a process
 * taken over by a malformed packet can neither execute a program nor open a socket. Landlock
 * applies to the calling thread and those it starts; the seccomp filter is set for all threads
 * (TSYNC).
 *
 * Landlock is called by number: the C library has no wrappers for it.
 */
#include "base/sandbox.h"

#include "base/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <netpacket/packet.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int
sandbox_parse(const char *word, enum sandbox_mode *mode, struct failure *why)
{
	static const char *const words[] = {
	    [SANDBOX_ENFORCE] = "enforce", [SANDBOX_LOG] = "log", [SANDBOX_OFF] = "off"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(word, words[i]) == 0) {
			*mode = (enum sandbox_mode)i;
			return 0;
		}
	return failure_set(why, "not 'enforce', 'log' or 'off': '%s'", word);
}

/* Landlock, as of its ABI 6 (linux/landlock.h; that of Debian 12 ends at ABI 2). */
struct ruleset {
	uint64_t files, network, scoped;
};

struct path_rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

enum {
	FS_EXECUTE = 1 << 0,
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_REG = 1 << 8,
	FS_ABI_1 = (1 << 13) - 1,
	FS_REFER = 1 << 13,     /* ABI 2 */
	FS_TRUNCATE = 1 << 14,  /* ABI 3 */
	FS_IOCTL_DEV = 1 << 15, /* ABI 5 */
	NET_ALL = 3,            /* ABI 4: bind and connect, TCP */
	SCOPE_ALL = 3,          /* ABI 6: abstract sockets and signals to outside */
	RULE_PATH_BENEATH = 1,
	CREATE_VERSION = 1,
	NR_CREATE_RULESET = 444,
	NR_ADD_RULE = 445,
	NR_RESTRICT_SELF = 446,
};

/* Allows the files at these paths to be read. */
static int
allow_reading(int ruleset, char *const *paths)
{
	int rc = 0;

	for (; paths && *paths && rc == 0; paths++) {
		struct path_rule rule = {.allowed = FS_READ_FILE,
					 .fd = open(*paths, O_PATH | O_CLOEXEC)};

		if (rule.fd < 0)
			return -1;
		rc = (int)syscall(NR_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0);
		close(rule.fd);
	}
	return rc;
}

/* The ABI; less than 1: there is no Landlock. */
static long
landlock_abi(void)
{
	return syscall(NR_CREATE_RULESET, NULL, 0, CREATE_VERSION);
}

/* A ruleset that forbids all that this ABI knows. -1 with errno set. */
static int
create_ruleset(long abi)
{
	struct ruleset ruleset = {.files = FS_ABI_1};

	if (abi >= 2)
		ruleset.files |= FS_REFER;
	if (abi >= 3)
		ruleset.files |= FS_TRUNCATE;
	if (abi >= 4)
		ruleset.network = NET_ALL;
	if (abi >= 5)
		ruleset.files |= FS_IOCTL_DEV;
	if (abi >= 6)
		ruleset.scoped = SCOPE_ALL;
	return (int)syscall(NR_CREATE_RULESET, &ruleset,
			    abi >= 6   ? sizeof(ruleset)
			    : abi >= 4 ? 16
				       : 8,
			    0);
}

int
sandbox_confine_files(enum sandbox_mode mode, int dirfd, char *const *readable, struct failure *why)
{
	long abi = landlock_abi();
	struct path_rule rule = {.allowed = FS_WRITE_FILE | FS_REMOVE_FILE | FS_MAKE_REG,
				 .fd = dirfd};
	int fd, rc;

	if (abi < 1 || mode != SANDBOX_ENFORCE)
		return 0;
	fd = create_ruleset(abi);
	rc = fd < 0 ? -1 : 0;
	if (rc == 0 && dirfd >= 0)
		rc = (int)syscall(NR_ADD_RULE, fd, RULE_PATH_BENEATH, &rule, 0);
	if (rc == 0)
		rc = allow_reading(fd, readable);
	if (rc == 0)
		rc = (int)syscall(NR_RESTRICT_SELF, fd, 0);
	if (rc < 0)
		failure_errno(why, "cannot confine file access");
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Calls that are allowed with any arguments. libseccomp does not know those that an architecture
 * lacks: they are left out. */
static const char *const stdio_calls[] = {
    "read", "pread64", "readv", "write", "writev", "pwrite64", "close", "fstat", "newfstatat",
    "fstatfs", "lseek", "_llseek", "fsync", "fdatasync", "ftruncate", "poll", "ppoll",
    "clock_gettime", "clock_nanosleep", "nanosleep", "gettimeofday", "munmap", "mremap", "brk",
    "madvise", "futex", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "getpid",
    "gettid", "tgkill", "restart_syscall", "exit", "exit_group", "sched_yield", "getrandom",
    "sysinfo",
    /* Made by a thread as it starts: one may have been created just before the filter. */
    "set_robust_list", "rseq", NULL};

static const char *const output_calls[] = {"rename", "renameat", "renameat2",
					   "unlink", "unlinkat", NULL};

static const char *const capture_calls[] = {"getsockname", "dup2", "dup3", NULL};

static const char *const message_calls[] = {"recvmsg", "sendmsg", NULL};

static int
allow_calls(scmp_filter_ctx filter, const char *const *names)
{
	int rc = 0;

	for (; *names && rc == 0; names++) {
		int number = seccomp_syscall_resolve_name(*names);

		if (number != __NR_SCMP_ERROR)
			rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	return rc;
}

static int
allow_memory_and_stdio(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_executable);

	if (rc == 0)
		rc =
		    seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_executable);
	/* stdio asks whether a device is a terminal, and a table how wide it is. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				      SCMP_A1(SCMP_CMP_EQ, TCGETS));
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				      SCMP_A1(SCMP_CMP_EQ, TIOCGWINSZ));
	return rc;
}

/* Opening files to read them; Landlock says which. */
static int
allow_reopening(scmp_filter_ctx filter)
{
	return seccomp_rule_add(
	    filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
}

/* Makes new files; sets filters of packet sockets and reads their counters and errors. */
static int
allow_capture(scmp_filter_ctx filter)
{
	const unsigned create = O_CREAT | O_EXCL | O_NOFOLLOW;
	const struct {
		int call;
		unsigned level, option;
	} options[] = {
	    {SCMP_SYS(setsockopt), SOL_SOCKET, SO_ATTACH_FILTER},
	    {SCMP_SYS(setsockopt), SOL_SOCKET, SO_LOCK_FILTER},
	    {SCMP_SYS(getsockopt), SOL_SOCKET, SO_ERROR},
	    {SCMP_SYS(getsockopt), SOL_PACKET, PACKET_STATISTICS},
	};
	int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
				  SCMP_A2(SCMP_CMP_MASKED_EQ, create, create));

	for (size_t i = 0; rc == 0 && i < sizeof(options) / sizeof(*options); i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, options[i].call, 2,
				      SCMP_A1(SCMP_CMP_EQ, options[i].level),
				      SCMP_A2(SCMP_CMP_EQ, options[i].option));
	if (rc == 0)
		rc = allow_calls(filter, capture_calls);
	return rc;
}

/* connect() is allowed to any address: Landlock forbids TCP. */
static int
allow_sockets(scmp_filter_ctx filter)
{
	static const char *const calls[] = {"connect", "sendto",   "sendmsg",     "recvfrom",
					    "recvmsg", "shutdown", "getsockname", NULL};
	int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				  SCMP_A0(SCMP_CMP_EQ, AF_UNIX));

	return rc < 0 ? rc : allow_calls(filter, calls);
}

/* Loads the filter unless rc, of making it, is an error, and releases it; it may be NULL. */
static int
load(scmp_filter_ctx filter, int rc, struct failure *why)
{
	if (rc == 0)
		rc = seccomp_load(filter);
	if (rc < 0) {
		errno = -rc;
		failure_errno(why, "cannot confine system calls");
	}
	seccomp_release(filter);
	return rc < 0 ? -1 : 0;
}

int
sandbox_confine_calls(enum sandbox_mode mode, enum sandbox_calls calls, enum sandbox_opens opens,
		      struct failure *why)
{
	const struct rlimit no_process = {0, 0};
	scmp_filter_ctx filter;
	int rc;

#if defined(__SANITIZE_ADDRESS__)
	/* The leak check at exit starts a thread that traces the others. */
	mode = SANDBOX_OFF;
#endif
	if (mode == SANDBOX_OFF)
		return 0;
	if (setrlimit(RLIMIT_NPROC, &no_process) < 0)
		return failure_errno(why, "cannot forbid new processes");
	filter = seccomp_init(mode == SANDBOX_LOG ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS);
	rc = filter ? 0 : -ENOMEM;
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (rc == 0)
		rc = allow_calls(filter, stdio_calls);
	if (rc == 0)
		rc = allow_memory_and_stdio(filter);
	if (rc == 0 && (calls == SANDBOX_CALLS_OUTPUT || calls == SANDBOX_CALLS_CAPTURE))
		rc = allow_calls(filter, output_calls);
	if (rc == 0 && opens == SANDBOX_OPENS_TO_READ)
		rc = allow_reopening(filter);
	if (rc == 0 && calls == SANDBOX_CALLS_CAPTURE)
		rc = allow_capture(filter);
	if (rc == 0 && calls == SANDBOX_CALLS_MESSAGES)
		rc = allow_calls(filter, message_calls);
	if (rc == 0 && calls == SANDBOX_CALLS_SOCKETS)
		rc = allow_sockets(filter);
	return load(filter, rc, why);
}

int
sandbox_confine(int dirfd, char *const *readable, struct failure *why)
{
	if (priv_drop_all(why) < 0 ||
	    sandbox_confine_files(SANDBOX_ENFORCE, dirfd, readable, why) < 0)
		return -1;
	return sandbox_confine_calls(
	    SANDBOX_ENFORCE, dirfd < 0 ? SANDBOX_CALLS_STDIO : SANDBOX_CALLS_OUTPUT,
	    readable && *readable ? SANDBOX_OPENS_TO_READ : SANDBOX_OPENS_NONE, why);
}

/* Allows all below the path, or the file there, to be read and executed; nothing if there is none. */
static int
allow_using(int ruleset, const char *path)
{
	struct path_rule rule = {.allowed = FS_READ_FILE | FS_EXECUTE,
				 .fd = open(path, O_PATH | O_CLOEXEC)};
	struct stat st;
	int rc;

	if (rule.fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstat(rule.fd, &st) == 0 && S_ISDIR(st.st_mode))
		rule.allowed |= FS_READ_DIR;
	rc = (int)syscall(NR_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0);
	close(rule.fd);
	return rc;
}

static int
use_only(const char *const *paths)
{
	int fd = create_ruleset(landlock_abi()), rc = fd < 0 ? -1 : 0;

	for (; *paths && rc == 0; paths++)
		rc = allow_using(fd, *paths);
	if (rc == 0)
		rc = (int)syscall(NR_RESTRICT_SELF, fd, 0);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* What a program that only reads and prints has no use for: it may need any other, and differs from version to
 * version. Landlock lets the modes, owners and times of files be changed. */
static const char *const foreign_calls[] = {
    "socket", "socketcall", "socketpair", "connect", "bind", "ptrace", "process_vm_readv",
    "process_vm_writev", "process_madvise", "kcmp", "kill", "tkill", "rt_sigqueueinfo",
    "rt_tgsigqueueinfo", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "fork", "vfork",
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree",
    "fsopen", "bpf", "perf_event_open", "io_uring_setup", "userfaultfd", "keyctl", "add_key",
    "request_key",
    /* Of files that it may read. */
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "setxattr",
    "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "utime", "utimes",
    "utimensat", "futimesat", "open_by_handle_at", "truncate", "truncate64", "ipc", "shmget",
    "shmat", "shmctl", "msgget", "msgsnd", "msgrcv", "msgctl", "semget", "semop", "semtimedop",
    "semctl", "mq_open", "mq_unlink",
    /* Of other processes of the user. */
    "setpriority", "ioprio_set", "migrate_pages", "move_pages", "sched_setscheduler",
    "sched_setattr", "sched_setparam", "sched_setaffinity", NULL};

/* What the kernel looks at of an argument that is an int. */
#define INT_BITS 0xffffffff

/* What is forbidden with some arguments. Before its ABI 3 Landlock does not see that a file is cut to nothing,
 * nor before ABI 6 that a descriptor sends a signal to its owner, which may be any process of the user's. */
static int
forbid_arguments(scmp_filter_ctx filter)
{
	const struct {
		const char *name;
		struct scmp_arg_cmp argument;
	} calls[] = {
	    {"prlimit64", SCMP_A0(SCMP_CMP_NE, 0)},
	    {"prctl", SCMP_A0(SCMP_CMP_MASKED_EQ, INT_BITS, PR_SET_PDEATHSIG)},
	    {"fcntl", SCMP_A1(SCMP_CMP_MASKED_EQ, INT_BITS, F_SETOWN)},
	    {"fcntl", SCMP_A1(SCMP_CMP_MASKED_EQ, INT_BITS, F_SETOWN_EX)},
	    {"fcntl", SCMP_A1(SCMP_CMP_MASKED_EQ, INT_BITS, F_SETSIG)},
	    {"fcntl64", SCMP_A1(SCMP_CMP_MASKED_EQ, INT_BITS, F_SETOWN)},
	    {"fcntl64", SCMP_A1(SCMP_CMP_MASKED_EQ, INT_BITS, F_SETOWN_EX)},
	    {"fcntl64", SCMP_A1(SCMP_CMP_MASKED_EQ, INT_BITS, F_SETSIG)},
	    {"open", SCMP_A1(SCMP_CMP_MASKED_EQ, O_TRUNC, O_TRUNC)},
	    {"openat", SCMP_A2(SCMP_CMP_MASKED_EQ, O_TRUNC, O_TRUNC)},
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls) && rc == 0; i++) {
		int number = seccomp_syscall_resolve_name(calls[i].name);

		if (number != __NR_SCMP_ERROR)
			rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 1,
					      calls[i].argument);
	}
	return rc;
}

/* The call fails with this error; one that the library does not know is not forbidden. */
static int
fail_call(scmp_filter_ctx filter, const char *name, int error)
{
	int number = seccomp_syscall_resolve_name(name);

	return number == __NR_SCMP_ERROR
		   ? 0
		   : seccomp_rule_add(filter, SCMP_ACT_ERRNO(error), number, 0);
}

static int
forbid_foreign_calls(scmp_filter_ctx filter)
{
	int rc = 0;

	for (const char *const *name = foreign_calls; *name && rc == 0; name++)
		rc = fail_call(filter, *name, EPERM);
	/* Threads may be made. The flags of clone3 cannot be seen: the C library takes clone then. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
				      SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	if (rc == 0)
		rc = fail_call(filter, "clone3", ENOSYS);
	/* Nor can those of openat2. */
	if (rc == 0)
		rc = fail_call(filter, "openat2", ENOSYS);
	if (rc == 0)
		rc = forbid_arguments(filter);
	/* It may abort. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1,
				      SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid()));
	return rc;
}

int
sandbox_can_confine_program(struct failure *why)
{
	return landlock_abi() < 1
		   ? failure_set(why, "the kernel has no Landlock to confine programs with")
		   : 0;
}

int
sandbox_confine_program(const char *const *paths, struct failure *why)
{
	scmp_filter_ctx filter;
	int rc;

	if (sandbox_can_confine_program(why) < 0)
		return -1;
	if (use_only(paths) < 0)
		return failure_errno(why, "cannot confine file access");
	filter = seccomp_init(SCMP_ACT_ALLOW);
	rc = filter ? forbid_foreign_calls(filter) : -ENOMEM;
	return load(filter, rc, why);
}
