#include "base/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netpacket/packet.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool
has_flag(cap_t caps, cap_value_t cap, cap_flag_t flag)
{
	cap_flag_value_t value = CAP_CLEAR;

	return caps && cap_get_flag(caps, cap, flag, &value) == 0 && value == CAP_SET;
}

bool
priv_has_net_raw(void)
{
	cap_t caps = cap_get_proc();
	bool has = has_flag(caps, CAP_NET_RAW, CAP_EFFECTIVE);

	cap_free(caps);
	return has;
}

bool
priv_file_has_net_raw(const char *path)
{
	cap_t caps = cap_get_file(path);
	bool has = has_flag(caps, CAP_NET_RAW, CAP_PERMITTED) &&
		   has_flag(caps, CAP_NET_RAW, CAP_EFFECTIVE);

	cap_free(caps);
	return has;
}

/* Without CAP_SETPCAP this is EPERM: what is in the bounding set then cannot be gained anyway,
 * since no_new_privs is set as well. */
static int
drop_bounding(struct failure *why)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		if (cap_drop_bound(cap) < 0 && errno != EPERM)
			return failure_errno(why, "cannot drop the capability bounding set");
	return 0;
}

static int
say_how_to_grant(const char *to_what, const char *name, const char *granted, struct failure *why)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[length > 0 ? length : 0] = '\0';
	return failure_set(why,
			   "no privilege to %s: %s is missing (grant it with 'setcap %s=ep %s', or "
			   "use sudo)",
			   to_what, name, granted, *path ? path : "PROGRAM");
}

int
priv_check_net_raw(struct failure *why)
{
	if (priv_has_net_raw())
		return 0;
	return say_how_to_grant("capture", "CAP_NET_RAW", "cap_net_raw", why);
}

int
priv_check_net_admin(struct failure *why)
{
	cap_t caps = cap_get_proc();
	const bool has = has_flag(caps, CAP_NET_ADMIN, CAP_EFFECTIVE);

	cap_free(caps);
	if (has)
		return 0;
	return say_how_to_grant("read connection tracking", "CAP_NET_ADMIN", "cap_net_admin", why);
}

int
priv_keep_net_raw(struct failure *why)
{
	const cap_value_t needed = CAP_NET_RAW;
	cap_t caps;
	int rc;

	if (priv_check_net_raw(why) < 0)
		return -1;
	/* The bounding set goes while CAP_SETPCAP may still be there to let it go. */
	if (drop_bounding(why) < 0)
		return -1;
	caps = cap_init();
	rc = caps ? cap_set_flag(caps, CAP_PERMITTED, 1, &needed, CAP_SET) : -1;
	if (rc == 0)
		rc = cap_set_flag(caps, CAP_EFFECTIVE, 1, &needed, CAP_SET);
	if (rc == 0)
		rc = cap_set_proc(caps);
	if (rc < 0)
		failure_errno(why, "cannot drop capabilities");
	cap_free(caps);
	return rc;
}

/* All but the one kept (-1: none), which has to be there; compared as the kernel reports them. */
static int
drop_capabilities(cap_value_t kept, struct failure *why)
{
	cap_t wanted = cap_init(), now = NULL;
	int rc = wanted ? 0 : -1;

	if (rc == 0 && kept >= 0)
		rc = cap_set_flag(wanted, CAP_PERMITTED, 1, &kept, CAP_SET);
	if (rc == 0 && kept >= 0)
		rc = cap_set_flag(wanted, CAP_EFFECTIVE, 1, &kept, CAP_SET);
	if (rc < 0 || cap_set_proc(wanted) < 0)
		rc = failure_errno(why, "cannot drop capabilities");
	else if (!(now = cap_get_proc()) || cap_compare(wanted, now) != 0)
		rc = failure_set(why, "capabilities are still there after dropping them");
	cap_free(now);
	cap_free(wanted);
	return rc;
}

static int
drop_all_but(cap_value_t kept, struct failure *why)
{
	const struct rlimit no_core = {0, 0};

	if (drop_bounding(why) < 0)
		return -1;
	if (cap_reset_ambient() < 0 && errno != EINVAL)
		return failure_errno(why, "cannot drop ambient capabilities");
	if (drop_capabilities(kept, why) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return failure_errno(why, "cannot set no_new_privs");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &no_core) < 0)
		return failure_errno(why, "cannot forbid core dumps");
	return 0;
}

int
priv_drop_all(struct failure *why)
{
	return drop_all_but(-1, why);
}

int
priv_drop_others(enum priv_power power, struct failure *why)
{
	static const cap_value_t values[] = {[PRIV_NET_ADMIN] = CAP_NET_ADMIN,
					     [PRIV_SOCKETS] = CAP_DAC_OVERRIDE,
					     [PRIV_FILES] = CAP_DAC_READ_SEARCH};
	cap_t caps = cap_get_proc();
	const bool has = has_flag(caps, values[power], CAP_PERMITTED);

	cap_free(caps);
	return drop_all_but(has ? values[power] : -1, why);
}

int
priv_parse_sandbox(const char *word, enum priv_sandbox *sandbox, struct failure *why)
{
	static const char *const words[] = {
	    [PRIV_ENFORCE] = "enforce", [PRIV_LOG] = "log", [PRIV_OFF] = "off"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(word, words[i]) == 0) {
			*sandbox = (enum priv_sandbox)i;
			return 0;
		}
	return failure_set(why, "not 'enforce', 'log' or 'off': '%s'", word);
}

/* Landlock, as of its ABI 6 (linux/landlock.h of Debian 12 ends at 2). */
struct ruleset {
	uint64_t files, network, scoped;
};

struct path_rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

enum {
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
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

/* Lets the files at these paths be read, themselves and nothing beside them. */
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

int
priv_confine_files(enum priv_sandbox sandbox, int dirfd, char *const *readable, struct failure *why)
{
	long abi = syscall(NR_CREATE_RULESET, NULL, 0, CREATE_VERSION);
	struct ruleset ruleset = {.files = FS_ABI_1};
	struct path_rule rule = {.allowed = FS_WRITE_FILE | FS_REMOVE_FILE | FS_MAKE_REG,
				 .fd = dirfd};
	int fd, rc;

	if (abi < 1 || sandbox != PRIV_ENFORCE)
		return 0;
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
	fd = (int)syscall(NR_CREATE_RULESET, &ruleset,
			  abi >= 6   ? sizeof(ruleset)
			  : abi >= 4 ? 16
				     : 8,
			  0);
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

/* Calls that need no look at their arguments. Those that a kernel or architecture lacks are unknown
 * to libseccomp, and left out. */
static const char *const stdio_calls[] = {
    "read", "pread64", "readv", "write", "writev", "pwrite64", "close", "fstat", "newfstatat",
    "fstatfs", "lseek", "_llseek", "fsync", "fdatasync", "ftruncate", "poll", "ppoll",
    "clock_gettime", "clock_nanosleep", "nanosleep", "gettimeofday", "munmap", "mremap", "brk",
    "madvise", "futex", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "getpid",
    "gettid", "tgkill", "restart_syscall", "exit", "exit_group", "sched_yield", "getrandom",
    "sysinfo",
    /* How a thread that was only just started begins */
    "set_robust_list", "rseq", NULL};

static const char *const output_calls[] = {"rename", "renameat", "renameat2",
					   "unlink", "unlinkat", NULL};

static const char *const capture_calls[] = {"getsockname", "dup2", "dup3", NULL};

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
	/* A livestream of stdio asks its device, if it is one, whether it is a terminal. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				      SCMP_A1(SCMP_CMP_EQ, TCGETS));
	return rc;
}

/* Files are opened to be read only; Landlock says which. */
static int
allow_reopening(scmp_filter_ctx filter)
{
	return seccomp_rule_add(
	    filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
}

/* New files only, filters on and news from packet sockets. */
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

/* connect() may lead anywhere that a socket of these may; Landlock forbids TCP besides. */
static int
allow_sockets(scmp_filter_ctx filter)
{
	static const char *const calls[] = {"connect", "sendto",   "sendmsg",     "recvfrom",
					    "recvmsg", "shutdown", "getsockname", NULL};
	int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				  SCMP_A0(SCMP_CMP_EQ, AF_UNIX));

	return rc < 0 ? rc : allow_calls(filter, calls);
}

int
priv_confine_calls(enum priv_sandbox sandbox, enum priv_calls calls, bool reads_files,
		   struct failure *why)
{
	const struct rlimit no_process = {0, 0};
	scmp_filter_ctx filter;
	int rc;

#if defined(__SANITIZE_ADDRESS__)
	/* Its leak check at the end starts a thread that traces the others. */
	sandbox = PRIV_OFF;
#endif
	if (sandbox == PRIV_OFF)
		return 0;
	if (setrlimit(RLIMIT_NPROC, &no_process) < 0)
		return failure_errno(why, "cannot forbid new processes");
	filter = seccomp_init(sandbox == PRIV_LOG ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS);
	rc = filter ? 0 : -ENOMEM;
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (rc == 0)
		rc = allow_calls(filter, stdio_calls);
	if (rc == 0)
		rc = allow_memory_and_stdio(filter);
	if (rc == 0 && (calls == PRIV_CALLS_OUTPUT || calls == PRIV_CALLS_CAPTURE))
		rc = allow_calls(filter, output_calls);
	if (rc == 0 && reads_files)
		rc = allow_reopening(filter);
	if (rc == 0 && calls == PRIV_CALLS_CAPTURE)
		rc = allow_capture(filter);
	if (rc == 0 && calls == PRIV_CALLS_SOCKETS)
		rc = allow_sockets(filter);
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
priv_confine(int dirfd, char *const *readable, struct failure *why)
{
	if (priv_drop_all(why) < 0 || priv_confine_files(PRIV_ENFORCE, dirfd, readable, why) < 0)
		return -1;
	return priv_confine_calls(PRIV_ENFORCE, dirfd < 0 ? PRIV_CALLS_STDIO : PRIV_CALLS_OUTPUT,
				  readable && *readable, why);
}
