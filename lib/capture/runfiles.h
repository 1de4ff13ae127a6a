/*
 * The files that vcap-run makes in the directory of a capture (vcap-spool(5)), and no others. The
 * directory is an open descriptor, which keeps its offset and its locks.
 */
#ifndef VCAP_RUNFILES_H
#define VCAP_RUNFILES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* Whether the directory can be read and has no entry. */
bool runfiles_is_empty(int dirfd);

/* Stores the name of an entry that vcap-run does not make in foreign, or "". -1 with errno. */
int runfiles_find_foreign(int dirfd, char foreign[NAME_MAX + 1]);

/* Removes the files that vcap-run makes, and leaves others. Those by which the directory is known
 * for a capture's go last: what is interrupted can be done again. -1 with errno. */
int runfiles_remove(int dirfd);

/* Bytes of the files with packets; 0 if the directory cannot be read. */
uint64_t runfiles_size(int dirfd);

#endif
