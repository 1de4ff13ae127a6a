/*
 * Privileges: what opening a capture takes, and having none of it afterwards. The only module that
 * knows libcap.
 *
 * Capabilities, no_new_privs and Landlock belong to a thread, and new threads inherit them: call
 * these before any thread starts.
 */
#ifndef VCAP_PRIV_H
#define VCAP_PRIV_H

#include "base/failure.h"

#include <stdbool.h>

/* Whether this process has CAP_NET_RAW now: packet sockets need it and nothing else does. */
bool priv_has_net_raw(void);

/* Whether starting the program at path gives CAP_NET_RAW, by the file's own capabilities. */
bool priv_file_has_net_raw(const char *path);

/* -1: CAP_NET_RAW is missing, and why says how to grant it to this program. */
int priv_check_net_raw(struct failure *why);

/* Gives up every capability but CAP_NET_RAW, which has to be there. */
int priv_keep_net_raw(struct failure *why);

/* -1: CAP_NET_ADMIN is missing, which reading connection tracking takes, and why says how to grant
 * it to this program. */
int priv_check_net_admin(struct failure *why);

/*
 * Gives up everything: every capability set, the bounding set too (without CAP_SETPCAP the kernel
 * refuses that, which no_new_privs makes up for), sets no_new_privs, and makes the process neither
 * dump core nor be traced, since its memory holds packets. Reads it all back: 0 means that it is
 * so.
 */
int priv_drop_all(struct failure *why);

/* What a process may go on needing. */
enum priv_power {
	PRIV_NET_ADMIN, /* CAP_NET_ADMIN: asks connection tracking for its table again */
	PRIV_SOCKETS,   /* CAP_DAC_OVERRIDE: connects to a socket whose owner it is not */
	PRIV_FILES,     /* CAP_DAC_READ_SEARCH: reads a file whose owner it is not */
};

/* As priv_drop_all, but for this power, if it is there: one that is not is not gained. */
int priv_drop_others(enum priv_power power, struct failure *why);

/* What happens when something forbidden is tried. */
enum priv_sandbox {
	PRIV_ENFORCE, /* the process is killed */
	PRIV_LOG,     /* the kernel's log says so, and it goes on; files are not confined */
	PRIV_OFF,     /* nothing is forbidden */
};

/* Reads "enforce", "log" or "off". */
int priv_parse_sandbox(const char *word, enum priv_sandbox *sandbox, struct failure *why);

/*
 * From now on this thread, and those it starts, can open no file but new ones in the directory
 * dirfd (-1: none at all), where it may also replace and remove them, and to read those at the
 * paths of readable (NULL-ended, or NULL: none), and can bind or connect no TCP socket. Descriptors
 * that are open stay usable. By Landlock; a kernel that does not have it is no failure. Needs
 * no_new_privs. A directory among readable stands for all files in and below it.
 */
int priv_confine_files(enum priv_sandbox sandbox, int dirfd, char *const *readable,
		       struct failure *why);

/* What a process does once it has opened what it needs. */
enum priv_calls {
	PRIV_CALLS_STDIO,   /* reads, writes, allocates, waits, ends */
	PRIV_CALLS_OUTPUT,  /* ... and renames and removes files (fdio.h, outfile_commit) */
	PRIV_CALLS_CAPTURE, /* ... and makes files, reads packet rings, sets their filters */
	PRIV_CALLS_SOCKETS, /* as STDIO, and talks over sockets; new ones are of AF_UNIX */
};

/* From now on all threads, those that run already too, can make no other system calls, and start no
 * threads or processes. reads_files: and open files, to read them. By seccomp. Needs no_new_privs.
 */
int priv_confine_calls(enum priv_sandbox sandbox, enum priv_calls calls, bool reads_files,
		       struct failure *why);

/* All of it, for a command that has opened whatever it reads and writes, before it looks at the
 * first packet. dirfd is that of the file it writes (fdio.h), or -1; readable
 * as above. */
int priv_confine(int dirfd, char *const *readable, struct failure *why);

#endif
