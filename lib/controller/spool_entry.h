/*
 * One capture in the spool, vcap-spool(5): its parameters and state in the file `capture`, what is
 * known of its engines in `engines/NAME.state` and `engines/NAME.log`.
 *
 * A command that works on it holds flock(2) on its directory, so that the lock never outlives its
 * holder.
 */
#ifndef VCAP_SPOOL_ENTRY_H
#define VCAP_SPOOL_ENTRY_H

#include "base/failure.h"
#include "base/keyval.h"
#include "base/strvec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPOOL_TIME    15                    /* characters of YYYYMMDD_HHMMSS */
#define SPOOL_ID      (64 + SPOOL_TIME + 2) /* bytes of an id and its NUL */
#define SPOOL_CAPTURE "capture"             /* the file of parameters and state */
#define SPOOL_LOG_MAX (1 << 20)

/* A capture, opened. facts is the file `capture`; store it with spool_entry_store. */
struct spool_entry {
	char id[SPOOL_ID];
	char *path;
	int dir;
	struct keyval facts;
};

#define SPOOL_ENTRY_INIT ((struct spool_entry){.dir = -1})

/* Opens a directory for reading and locking that is nobody's but ours to write to. */
int spool_entry_open_directory(int dirfd, const char *path, struct failure *why);

/* Opens the capture id in the directory of captures, whose path is for messages; facts stay empty.
 * -1: errno tells ENOENT apart. */
int spool_entry_open(struct spool_entry *entry, int dirfd, const char *path, const char *id,
		     struct failure *why);
void spool_entry_close(struct spool_entry *entry);
int spool_entry_store(const struct spool_entry *entry, struct failure *why);
/* Reads the facts again, as somebody else may have changed them. */
int spool_entry_reload(struct spool_entry *entry, struct failure *why);

/* Waits until nobody else works on the capture, keeps others away until spool_entry_close, and
 * reloads the facts. */
int spool_entry_lock(struct spool_entry *entry, struct failure *why);
/* Whether somebody holds that lock. */
bool spool_entry_is_locked(const struct spool_entry *entry);

/* The state: waiting, starting, capturing, fetching, merging, done, partial or failed; never NULL.
 */
const char *spool_entry_state(const struct spool_entry *entry);
bool spool_entry_is_over(const struct spool_entry *entry);
/* Whether engines capture, or are to: waiting, starting or capturing. */
bool spool_entry_is_capturing(const struct spool_entry *entry);
/* Sets and stores the state, with a message if text is not NULL. */
int spool_entry_set_state(struct spool_entry *entry, const char *state, const char *text,
			  struct failure *why);

/* When it began, or else will begin, or was asked for: ns since 1970; 0: nobody knows. */
int64_t spool_entry_began_ns(const struct spool_entry *entry);

/* Notes, in the file `stop`, that the capture is to end: without the lock, which the one that waits
 * for the end holds. And whether that was noted. */
int spool_entry_ask_stop(const struct spool_entry *entry, struct failure *why);
bool spool_entry_is_stopping(const struct spool_entry *entry);

/* The path of a file in the capture's directory. Heap; NULL without memory. */
char *spool_entry_file(const struct spool_entry *entry, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether the capture has this engine. */
bool spool_entry_has_engine(const struct spool_entry *entry, const char *engine);
/* What is known of an engine. Nothing yet is an empty state. */
int spool_entry_load_engine(const struct spool_entry *entry, const char *engine,
			    struct keyval *state, struct failure *why);
int spool_entry_store_engine(const struct spool_entry *entry, const char *engine,
			     const struct keyval *state, struct failure *why);

/* The capture's engines; and of those the ones that take part: that are not missing. */
struct strvec spool_entry_engines(const struct spool_entry *entry);
struct strvec spool_entry_participants(const struct spool_entry *entry);

/* Why nothing comes from the engine, or NULL. Owned by the facts. */
const char *spool_entry_missing_reason(const struct spool_entry *entry, const char *engine);

/* What has been counted so far under the key: at the end the file's, before that the engines'. */
uint64_t spool_entry_counter(const struct spool_entry *entry, const char *key);

/* Whether the engine's file has been fetched into the entry. */
bool spool_entry_has_fetched(const struct spool_entry *entry, const char *engine);

/* Why the last command for the engine failed: heap, or NULL if it did not. */
char *spool_entry_engine_failure(const struct spool_entry *entry, const char *engine);

/* Takes down, in the facts, that nothing comes from this engine, for this reason or because of how
 * the last command for it failed; and takes that back. */
int spool_entry_add_missing(struct spool_entry *entry, const char *engine, const char *reason,
			    struct failure *why);
int spool_entry_give_up(struct spool_entry *entry, const char *engine, struct failure *why);
void spool_entry_drop_missing(struct spool_entry *entry, const char *engine);

/* Appends text to the engine's log, made harmless for a terminal, up to SPOOL_LOG_MAX bytes of log.
 */
int spool_entry_append_log(const struct spool_entry *entry, const char *engine, const char *text,
			   struct failure *why);

/*
 * Takes down how a command for the engine ended: the `key value` lines of its output replace those
 * known, `exit` is its status, and `error` the last line of what it complained about (nothing when
 * it ended well). Output that is no such lines counts as status 1.
 */
int spool_entry_record(const struct spool_entry *entry, const char *engine, const char *output,
		       const char *complaints, int status, struct failure *why);

#endif
