/*
 * The file that a word of a command line names: a path, `-`, or the merged file of a capture in the
 * spool, by its id or as the newest of a service.
 */
#ifndef VCAP_FILEWORD_H
#define VCAP_FILEWORD_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/config.h"

struct fileword {
	char *path;    /* heap */
	char *service; /* heap: the path of the capture's service as it was; NULL: word is a path */
	struct strvec tables; /* paths of the pairs that its engines kept; none if word is a path */
};

#define FILEWORD_INIT ((struct fileword){0})

/* Frees what it holds; file is FILEWORD_INIT afterwards. */
void fileword_release(struct fileword *file);

/* Looks the word up; one that has a slash, or is there, is a path. Returns EXIT_DONE, or with why
 * EXIT_MISUSE (it may be several captures) or EXIT_FAILED: there is no such capture, or it has no file
 * yet; *file is unchanged then. */
int fileword_find(struct fileword *file, const char *word, config_variable *variable,
		  struct failure *why);

/* The same for a word that is a capture in the spool, whatever files there are. */
int fileword_find_capture(struct fileword *file, const char *word, config_variable *variable,
			  struct failure *why);

#endif
