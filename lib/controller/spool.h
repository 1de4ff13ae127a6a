/*
 * The spool, vcap-spool(5): a directory for every capture, named by its id, with the parameters and
 * state in `capture` and what is known of each engine in `engines/NAME.state`.
 *
 * Two locks, both flock(2) on a directory, so that neither outlives its holder: on the directory of
 * captures while one is being made, and on a capture's own while a command works on it.
 */
#ifndef VCAP_SPOOL_H
#define VCAP_SPOOL_H

#include "base/failure.h"
#include "base/keyval.h"
#include "controller/config.h"
#include "controller/spool_entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spool {
	char *path; /* of the directory of captures */
	int dir;
};

#define SPOOL_INIT ((struct spool){.dir = -1})

/* Opens the spool, and makes it (mode 0700) if it is not there. A directory of somebody else, or
 * one that others may write to, is refused. */
int spool_open(struct spool *spool, config_variable *variable, struct failure *why);
void spool_close(struct spool *spool);

/* SERVICE.YYYYMMDD_HHMMSS. */
bool spool_is_id(const char *word);
/* And whether the service is that one. */
bool spool_is_id_of(const char *word, const char *service);

/* The ids in the spool, newest first: a NULL-ended list on the heap for spool_list_free. Whatever
 * else lies there is passed over. word chooses a service's, or the one
 * of that id; NULL: all. */
int spool_list(const struct spool *spool, const char *word, char ***ids, struct failure *why);
void spool_list_free(char **ids);

/* Opens the capture called word: an id, or a service's name for its newest one. */
int spool_find(const struct spool *spool, const char *word, struct spool_entry *capture,
	       struct failure *why);

/* Opens the spool only to find that capture in it. -1: entry is as SPOOL_ENTRY_INIT. */
int spool_open_entry(struct spool_entry *entry, const char *word, config_variable *variable,
		     struct failure *why);

/*
 * Makes a capture of the service, whose id tells the present time or, if that is among the facts,
 * the time `at` which it begins, or is the `id` among them, with these facts (which are moved) and
 * in state starting, and locks it. An unfinished one of the same service is a failure that names
 * it.
 */
int spool_create(const struct spool *spool, const char *service, struct keyval *facts,
		 struct spool_entry *capture, struct failure *why);

/* Removes a capture that was created and never began, and closes it; and whether somebody has done
 * that to one that is open here. */
int spool_withdraw(const struct spool *spool, struct spool_entry *capture, struct failure *why);
bool spool_was_withdrawn(const struct spool_entry *capture);

/* Removes a capture that is over, or whose facts cannot be read, and all its files. */
int spool_remove(const struct spool *spool, const char *id, struct failure *why);

/* Opens the spool and in it the newest capture of the service. 1; 0 if there is none; or -1. */
int spool_open_newest(struct spool_entry *entry, const char *service, config_variable *variable,
		      struct failure *why);

/* Whether engines capture or will, and no stop has been requested. */
bool spool_is_running(const struct spool_entry *entry);

/* The id of the newest capture of the service, if it is running, into id; else "". 0 or -1. */
int spool_find_running(char id[SPOOL_ENTRY_ID], const char *service, config_variable *variable,
		       struct failure *why);

#endif
