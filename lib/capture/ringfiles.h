/*
 * The files of a ring as they lie in a directory, core-N.K.pcapng and dropped.K.pcapng, and which of them reach into a
 * window. A file has the packets of its core from its mark (ringmark.h) to that of the next one; what was
 * received at the end of the one may have been written to the other, by a moment.
 */
#ifndef VCAP_RINGFILES_H
#define VCAP_RINGFILES_H

#include "base/failure.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define RINGFILES_DROPPED UINT64_MAX

struct ringfile {
	char name[NAME_MAX + 1];
	uint64_t core, number; /* core RINGFILES_DROPPED: of dropped packets */
	int64_t begun_ns;      /* its mark */
	uint64_t size;
	dev_t device;
	ino_t inode;
};

struct ringfiles {
	struct ringfile *list; /* heap; by core, then by number */
	size_t count;
};

#define RINGFILES_INIT ((struct ringfiles){0})

/* Frees the list; files is RINGFILES_INIT afterwards. */
void ringfiles_release(struct ringfiles *files);

/* Lists the files in the directory. One that is removed meanwhile is left out. -1 with why: it cannot be
 * read. */
int ringfiles_list(struct ringfiles *files, int dirfd, struct failure *why);

/* A window by the clock of the files, in ns since 1970; INT64_MIN, INT64_MAX: open. */
struct ringfiles_window {
	int64_t from_ns, to_ns;
};

/* Leaves those that may have packets of the window. If the clock was set, marks tell nothing: all stay. */
void ringfiles_choose(struct ringfiles *files, const struct ringfiles_window *window,
		      bool clock_was_set);

/* Since when all cores are complete: the latest of the marks of each core's oldest file; start_ns for a
 * core that still has its first one. */
int64_t ringfiles_since(const struct ringfiles *files, int64_t start_ns);

/* Bytes of all. */
uint64_t ringfiles_size(const struct ringfiles *files);

#endif
