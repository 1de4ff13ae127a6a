/*
 * A sandbox for processes that parse captures or talk to other programs: which files they may open
 * (Landlock) and which system calls they may make (seccomp). The only module that uses libseccomp.
 */
#ifndef VCAP_SANDBOX_H
#define VCAP_SANDBOX_H

#include "base/failure.h"

/* What happens when something forbidden is tried. */
enum sandbox_mode {
	SANDBOX_ENFORCE, /* the process is killed */
	SANDBOX_LOG,     /* the kernel logs the call and allows it; files are not confined */
	SANDBOX_OFF,     /* nothing is forbidden */
};

/* Reads "enforce", "log" or "off". -1 with why for another word; *mode is unchanged. */
int sandbox_parse(const char *word, enum sandbox_mode *mode, struct failure *why);

/*
 * Confines this thread, and those it starts later: no file can be opened but new ones in the
 * directory dirfd (-1: none), where files may also be replaced and removed, and those at the paths
 * of readable (NULL-ended, or NULL: none), to read them. A directory among readable stands for all
 * files below it. No TCP socket can be bound or connected. Open descriptors stay usable. Needs
 * no_new_privs (priv_drop_all). 0 also on a kernel without Landlock; -1 with why: not confined.
 */
int sandbox_confine_files(enum sandbox_mode mode, int dirfd, char *const *readable,
			  struct failure *why);

/* What a process does once it has opened what it needs. */
enum sandbox_calls {
	SANDBOX_CALLS_STDIO,    /* reads, writes, allocates, waits, ends */
	SANDBOX_CALLS_OUTPUT,   /* ... and renames and removes files (outfile_commit) */
	SANDBOX_CALLS_CAPTURE,  /* ... and makes files, reads packet rings, sets their filters */
	SANDBOX_CALLS_MESSAGES, /* as STDIO, and exchanges messages over sockets that it has */
	SANDBOX_CALLS_SOCKETS,  /* as STDIO, and uses sockets; new ones are of AF_UNIX */
};

/* Files it opens, beside those that its calls make. */
enum sandbox_opens {
	SANDBOX_OPENS_NONE,
	SANDBOX_OPENS_TO_READ, /* those that sandbox_confine_files lets it read */
};

/*
 * Confines all threads, running ones included: they can make no other system calls, and start
 * neither threads nor processes. Needs no_new_privs. -1 with why: not confined.
 */
int sandbox_confine_calls(enum sandbox_mode mode, enum sandbox_calls calls,
			  enum sandbox_opens opens, struct failure *why);

/*
 * Drops all privileges (priv_drop_all) and confines files and calls, for a command that has opened
 * what it reads and writes, before it reads the first packet. dirfd is that of the file it writes
 * (struct outfile), or -1; readable as for sandbox_confine_files. -1 with why: do not go on.
 */
int sandbox_confine(int dirfd, char *const *readable, struct failure *why);

/*
 * Confines this process before it becomes a program of others that reads what outsiders wrote, and writes to
 * the descriptors that it has: it can read, list and execute what is below paths (NULL-ended; one that is
 * not there is left out) and open nothing else, make no socket and no process, trace and signal no other,
 * set nothing of one, change no file, and not outlive a parent whose death is to end it (PR_SET_PDEATHSIG). All
 * that holds for the program, too. Needs no_new_privs. -1 with why, also on a kernel without Landlock: not confined.
 */
int sandbox_confine_program(const char *const *paths, struct failure *why);
/* Whether that can be: 0, or -1 with why. */
int sandbox_can_confine_program(struct failure *why);

#endif
