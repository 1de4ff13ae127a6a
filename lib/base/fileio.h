/*
 * Whole reads and writes of file descriptors. Interrupted calls are resumed.
 */
#ifndef VCAP_FILEIO_H
#define VCAP_FILEIO_H

#include "base/failure.h"

#include <stddef.h>
#include <sys/types.h>

/* Reads until size bytes or end of file. Returns the bytes read, or -1 with errno set. */
ssize_t fileio_read_full(int fd, void *to, size_t size);

/* Writes all size bytes. Returns 0, or -1 with errno set and an unknown part written. */
int fileio_write_all(int fd, const void *from, size_t size);

/*
 * Reads the rest of fd, of at most max bytes, into *text (heap, the caller's, ended by a NUL that
 * *size does not count). name is what to call it in why. -1: nothing is allocated.
 */
int fileio_slurp(int fd, size_t max, const char *name, char **text, size_t *size,
		 struct failure *why);

#endif
