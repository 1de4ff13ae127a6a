/*
 * Whole reads and writes of file descriptors, and directories with those above them. Interrupted
 * calls are resumed.
 */
#ifndef VCAP_FILEIO_H
#define VCAP_FILEIO_H

#include "base/failure.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* Reads until size bytes or end of file. Returns the bytes read, or -1 with errno set. */
ssize_t fileio_read_full(int fd, void *to, size_t size);

/* Writes all size bytes. Returns 0, or -1 with errno set and an unknown part written. */
int fileio_write_all(int fd, const void *from, size_t size);

/* Closes *fd, unless it is -1, and sets it to -1. errno may change. */
void fileio_close(int *fd);

/* Raises the soft limit on open files of this process to the hard one. */
void fileio_raise_limit(void);

/* Makes the directories above the last component of path that do not exist, as `mkdir -p` does,
 * with this mode less the umask. -1 with why: some of them may have been made. */
int fileio_make_parents(const char *path, mode_t mode, struct failure *why);

/* As fileio_make_parents, and the directory path itself; 0 if it exists. */
int fileio_make_directories(const char *path, mode_t mode, struct failure *why);

/*
 * Reads the rest of fd, of at most max bytes, into *text (heap, the caller's, ended by a NUL that
 * *size does not count). name is what to call it in why. -1: nothing is allocated.
 */
int fileio_slurp(int fd, size_t max, const char *name, char **text, size_t *size,
		 struct failure *why);

/* Writes the file at path to out; nothing if there is none. -1 with why: it cannot be read. */
int fileio_print(const char *path, FILE *out, struct failure *why);

#endif
