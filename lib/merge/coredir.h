/*
 * A directory of vcap-run as an input: its core-*.pcapng, and the dropped packets beside them. On an engine root reads it for a
 * controller, so nothing in it may lead to a file of another owner, or wait: links, FIFOs and
 * devices are refused, and a directory that others could have filled.
 */
#ifndef VCAP_COREDIR_H
#define VCAP_COREDIR_H

#include "base/failure.h"

#include <stddef.h>
#include <sys/stat.h>

struct corefile {
	char *path;
	struct stat st; /* a regular file, of the directory's owner */
};

struct coredir {
	struct corefile
	    *list; /* heap; by the number of the core, then of the file; dropped packets last */
	size_t count;
	char *
	    losses; /* of a snapshot: what its status says that the host lost in the window, lines as vcap-run
		       * has in its last statistics (loss.h); heap, NULL: nothing */
};

#define COREDIR_INIT ((struct coredir){0})

/* Frees all. */
void coredir_release(struct coredir *dir);

/*
 * Lists the files, and reads the losses. 0, or -1 with why: it cannot be read, has no such file, or one that is not a
 * regular file of its owner; and, for root, it is not root's or others can write to it. *dir must
 * be released either way.
 */
int coredir_list(struct coredir *dir, const char *path, struct failure *why);

#endif
