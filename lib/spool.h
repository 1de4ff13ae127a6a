/*
 * The spool, vcap-spool(5): a directory for every capture, named by its id, with the parameters and
 * state in `capture` and what is known of each engine in `engines/NAME.state`.
 *
 * Two locks, both flock(2) on a directory, so that neither outlives its holder: on the directory of
 * captures while one is being made, and on a capture's own while a command works on it.
 */
#ifndef VCAP_SPOOL_H
#define VCAP_SPOOL_H

#include "config.h"
#include "failure.h"
#include "keyval.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPOOL_TIME    15                    /* characters of YYYYMMDD_HHMMSS */
#define SPOOL_ID      (64 + SPOOL_TIME + 2) /* bytes of an id and its NUL */
#define SPOOL_CAPTURE "capture"             /* the file of parameters and state */
#define SPOOL_LOG_MAX (1 << 20)

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

/* The ids in the spool, newest first: a NULL-ended list on the heap for spool_list_free. Whatever
 * else lies there is passed over. service NULL: of all services. */
int spool_list(const struct spool *spool, const char *service, char ***ids, struct failure *why);
void spool_list_free(char **ids);

/* One capture, opened. facts is the file `capture`; store it with capture_store. */
struct capture {
	char id[SPOOL_ID];
	char *path;
	int dir;
	struct keyval facts;
};

#define CAPTURE_INIT ((struct capture){.dir = -1})

/* Opens the capture called word: an id, or a service's name for its newest one. */
int spool_find(const struct spool *spool, const char *word, struct capture *capture,
	       struct failure *why);

/*
 * Makes a capture of the service, whose id tells the present time, with these facts (which are
 * moved) and in state starting, and locks it. An unfinished one of the same service is a failure
 * that names it.
 */
int spool_create(const struct spool *spool, const char *service, struct keyval *facts,
		 struct capture *capture, struct failure *why);

void capture_close(struct capture *capture);
int capture_store(const struct capture *capture, struct failure *why);
/* Reads the facts again, as somebody else may have changed them. */
int capture_reload(struct capture *capture, struct failure *why);

/* Waits until nobody else works on the capture, keeps others away until capture_close, and reloads
 * the facts. */
int capture_lock(struct capture *capture, struct failure *why);
/* Whether somebody holds that lock. */
bool capture_is_locked(const struct capture *capture);

/* The state: starting, capturing, fetching, merging, done, partial or failed; never NULL. */
const char *capture_state(const struct capture *capture);
bool capture_is_over(const struct capture *capture);
/* Sets and stores the state, with a message if text is not NULL. */
int capture_set_state(struct capture *capture, const char *state, const char *text,
		      struct failure *why);

/* The path of a file in the capture's directory. Heap; NULL without memory. */
char *capture_file(const struct capture *capture, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether the capture has this engine. */
bool capture_has_engine(const struct capture *capture, const char *engine);
/* What is known of an engine. Nothing yet is an empty state. */
int capture_load_engine(const struct capture *capture, const char *engine, struct keyval *state,
			struct failure *why);
int capture_store_engine(const struct capture *capture, const char *engine,
			 const struct keyval *state, struct failure *why);

/* Appends text to the engine's log, made harmless for a terminal, up to SPOOL_LOG_MAX bytes of log.
 */
int capture_append_log(const struct capture *capture, const char *engine, const char *text,
		       struct failure *why);

/*
 * Takes down how a command for the engine ended: the `key value` lines of its output replace those
 * known, `exit` is its status, and `error` the last line of what it complained about (nothing when
 * it ended well). Output that is no such lines counts as status 1.
 */
int capture_record(const struct capture *capture, const char *engine, const char *output,
		   const char *complaints, int status, struct failure *why);

#endif
