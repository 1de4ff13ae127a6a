/*
 * The spool, vcap-spool(5): a directory for every capture, named by its id, with the parameters and
 * state in `capture` and the state of each engine in `engines/NAME.state`.
 *
 * There are two locks, both flock(2) on a directory, so that neither outlives its holder: on the
 * directory of captures while one is created, and on a capture's own while a command works on it.
 */
#ifndef VCAP_SPOOL_H
#define VCAP_SPOOL_H

#include "base/failure.h"
#include "base/keyval.h"
#include "base/strvec.h"
#include "controller/config.h"
#include "controller/spool_entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spool {
	char *path; /* of the directory of captures */
	int dir;
	config_variable *variable; /* by which aliases of services are looked up */
};

#define SPOOL_INIT ((struct spool){.dir = -1})

/* Opens the spool; creates it with mode 0700 if there is none. -1: it cannot be opened or created,
 * or belongs to another user, or others may write to it; spool is SPOOL_INIT. */
int spool_open(struct spool *spool, config_variable *variable, struct failure *why);
void spool_close(struct spool *spool);

/* Lists the ids in the spool, newest first, NULL-ended, for spool_list_free: those of the
 * service called word, by its name or, here and below, an alias, or the one that is word; NULL: all. Other files are skipped. -1: *ids is
 * unchanged. */
int spool_list(const struct spool *spool, const char *word, char ***ids, struct failure *why);
void spool_list_free(char **ids);

/* Lists as spool_list what word means: an id; or of a service the unfinished captures, if there are
 * any, else the newest one. At least one; -1: there is none, or word is neither. */
int spool_choose(const struct spool *spool, const char *word, char ***ids, struct failure *why);

#define SPOOL_SEVERAL (-2) /* of spool_find: word is a service with several unfinished captures */
/* Says so, with their ids. Returns SPOOL_SEVERAL. */
int spool_name_several(const char *word, const struct strvec *ids, struct failure *why);

/* Opens the capture called word, an id, or a service's name for its newest capture, and reads its
 * facts; the caller closes it. -1: there is none, or it is damaged; SPOOL_SEVERAL: why names them.
 * Nothing is open then. */
int spool_find(const struct spool *spool, const char *word, struct spool_entry *capture,
	       struct failure *why);

/* spool_find in the user's spool. */
int spool_open_entry(struct spool_entry *entry, const char *word, config_variable *variable,
		     struct failure *why);

/*
 * Creates a capture of the service in state starting and locks it; the caller closes it. The facts
 * are moved into it. Its id is the fact `id`, or is made of the fact `at`, or of the present time.
 * Without a fact `token` it gets one, drawn at random.
 * -1: no `id` is given and an unfinished capture of the service, which why names, has the same fact
 * `request`; or an error. No capture is left, and facts are empty or unchanged.
 */
int spool_create(const struct spool *spool, const char *service, struct keyval *facts,
		 struct spool_entry *capture, struct failure *why);

/* Removes a capture with all its files here, and closes it in any case. -1: files could not be
 * removed; it is gone from lists then, too, if its directory could be renamed. */
int spool_withdraw(const struct spool *spool, struct spool_entry *capture, struct failure *why);
/* Whether another process has removed the capture that is open here. */
bool spool_was_withdrawn(const struct spool_entry *capture);

/* Opens the newest capture of the service in the user's spool. Returns 1; 0: there is none; -1 with
 * why. Only after 1 it is open. */
int spool_open_newest(struct spool_entry *entry, const char *service, config_variable *variable,
		      struct failure *why);

/* Whether its engines capture or will, and no stop has been requested. */
bool spool_is_running(const struct spool_entry *entry);

/* Writes the id of the service's newest capture to id if that is running, else "". Returns 0; -1
 * with why, id "". */
int spool_find_running(char id[SPOOL_ID_MAX], const char *service, config_variable *variable,
		       struct failure *why);

#endif
