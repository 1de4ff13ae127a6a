/*
 * The file that a word of a command line names: a path, `-`, or the merged file of a capture in the
 * spool, by its id or as the newest of a service.
 */
#ifndef VCAP_FILEWORD_H
#define VCAP_FILEWORD_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/config.h"
#include "controller/spool.h"

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

/* Opens the capture whose file is asked for, as spool_find does; but of a service rolling captures are passed over,
 * which have none. */
int fileword_choose(const struct spool *spool, const char *word, struct spool_entry *entry,
		    struct failure *why);

/* The same in the user's spool. -1 also for the id of a rolling capture. */
int fileword_open_capture(struct spool_entry *entry, const char *word, config_variable *variable,
			  struct failure *why);

#endif
