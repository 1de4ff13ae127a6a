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

/* Opens the spool; creates it with mode 0700 if there is none. A directory that another user owns or
 * may write to is refused. */
int spool_open(struct spool *spool, config_variable *variable, struct failure *why);
void spool_close(struct spool *spool);

/* SERVICE.YYYYMMDD_HHMMSS. */
bool spool_is_id(const char *word);
/* And whether the service is that one. */
bool spool_is_id_of(const char *word, const char *service);

/* The ids in the spool, newest first, as a NULL-ended list for spool_list_free; other files are
 * skipped. word selects those of a service, or the one with that id; NULL selects all. */
int spool_list(const struct spool *spool, const char *word, char ***ids, struct failure *why);
void spool_list_free(char **ids);

/* Opens the capture called word: an id, or a service's name for its newest one. */
int spool_find(const struct spool *spool, const char *word, struct spool_entry *capture,
	       struct failure *why);

/* Opens the spool only to find that capture in it. -1: entry is as SPOOL_ENTRY_INIT. */
int spool_open_entry(struct spool_entry *entry, const char *word, config_variable *variable,
		     struct failure *why);

/*
 * Creates a capture of the service in state starting and locks it. The facts are moved into it. Its
 * id is the fact `id` if there is one; else it is made of the fact `at`, or of the present time. It
 * fails, naming it, if a capture of the same service is unfinished.
 */
int spool_create(const struct spool *spool, const char *service, struct keyval *facts,
		 struct spool_entry *capture, struct failure *why);

/* Removes a capture that was created and never began, and closes it; and whether another process has
 * removed the one that is open here. */
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
