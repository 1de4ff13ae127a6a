/*
 * One capture in the spool, vcap-spool(5): its facts, that is parameters and state, which are the
 * file `capture`. What is known of its engines is engine_state.h's.
 *
 * A command that works on a capture holds flock(2) on its directory: the kernel releases the lock
 * when the command dies.
 */
#ifndef VCAP_SPOOL_ENTRY_H
#define VCAP_SPOOL_ENTRY_H

#include "base/failure.h"
#include "base/keyval.h"
#include "base/strvec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPOOL_ENTRY_TIME 15                          /* characters of YYYYMMDD_HHMMSS */
#define SPOOL_ENTRY_ID   (64 + SPOOL_ENTRY_TIME + 2) /* bytes of an id and its NUL */

/* The life of a capture, in this order. The last three are final. */
enum capture_state {
	CAPTURE_WAITING,   /* for the time at which it begins */
	CAPTURE_STARTING,  /* its engines are being started */
	CAPTURE_CAPTURING, /* its engines capture */
	CAPTURE_FETCHING,
	CAPTURE_MERGING,
	CAPTURE_DONE,
	CAPTURE_PARTIAL, /* merged, but something is missing: the fact `message` says what */
	CAPTURE_FAILED,
	CAPTURE_UNKNOWN, /* a word that this version does not know */
};

/* A capture, opened. facts is the file `capture`; store it with spool_entry_store. */
struct spool_entry {
	char id[SPOOL_ENTRY_ID];
	char *path; /* of its directory */
	int dir;    /* the directory, which the lock is held on */
	struct keyval facts;
};

#define SPOOL_ENTRY_INIT ((struct spool_entry){.dir = -1})

/* Opens a directory for reading and locking. One that belongs to another user, or that others may
 * write to, is refused. Returns the descriptor, or -1 with errno set. */
int spool_entry_open_directory(int dirfd, const char *path, struct failure *why);

/* Opens the capture id in the directory dirfd, whose path is for messages; facts stay empty until
 * spool_entry_reload. -1: entry is as SPOOL_ENTRY_INIT, and errno is ENOENT if there is none. */
int spool_entry_open(struct spool_entry *entry, int dirfd, const char *path, const char *id,
		     struct failure *why);

/* Closes it, which releases the lock; entry is then as SPOOL_ENTRY_INIT. */
void spool_entry_close(struct spool_entry *entry);

/* Replaces the file `capture` by the facts. */
int spool_entry_store(const struct spool_entry *entry, struct failure *why);

/* Reads the facts again, which another process may have changed. -1: they are as before. */
int spool_entry_reload(struct spool_entry *entry, struct failure *why);

/* Waits for the lock on the capture, keeps it until spool_entry_close, and reloads the facts. */
int spool_entry_lock(struct spool_entry *entry, struct failure *why);

/* Whether a process holds that lock, this one included. */
bool spool_entry_is_locked(const struct spool_entry *entry);

/* The state. A capture without any counts as failed. */
enum capture_state spool_entry_state(const struct spool_entry *entry);

/* The word for it in the file and in tables: waiting, starting, capturing, fetching, merging, done,
 * partial or failed; an unknown one as it is. Owned by the facts; never NULL. */
const char *spool_entry_state_name(const struct spool_entry *entry);

/* Whether the state is final. */
bool spool_entry_is_over(const struct spool_entry *entry);

/* Whether engines capture or will: waiting, starting or capturing. */
bool spool_entry_is_capturing(const struct spool_entry *entry);

/* Sets the state (not CAPTURE_UNKNOWN) and, if text is not NULL, the message, and stores the facts.
 */
int spool_entry_set_state(struct spool_entry *entry, enum capture_state state, const char *text,
			  struct failure *why);

/* When it began, or will begin, or at least was asked for: ns since 1970; 0 if that is not known.
 */
int64_t spool_entry_began_ns(const struct spool_entry *entry);

/* Requests, by the file `stop`, that the capture end. Needs no lock, which vcap-wait holds. */
int spool_entry_ask_stop(const struct spool_entry *entry, struct failure *why);

/* Whether that was requested. */
bool spool_entry_is_stopping(const struct spool_entry *entry);

/* The path of a file in the capture's directory. Heap; NULL without memory. */
char *spool_entry_file(const struct spool_entry *entry, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether the capture has this engine. */
bool spool_entry_has_engine(const struct spool_entry *entry, const char *engine);

/* All engines of the capture. */
struct strvec spool_entry_engines(const struct spool_entry *entry);

/* The engines that take part: all but the missing ones. */
struct strvec spool_entry_participants(const struct spool_entry *entry);

/* Appends to names the engines in list, whose words are separated by commas, in the capture's
 * order; NULL: all of them. -1: one is not the capture's, and why quotes it. */
int spool_entry_choose(const struct spool_entry *entry, const char *list, struct strvec *names,
		       struct failure *why);

/* Why the engine is missing, or NULL if it is not. Owned by the facts. */
const char *spool_entry_missing_reason(const struct spool_entry *entry, const char *engine);

/* Adds the engine to the missing ones, and stores the facts. */
int spool_entry_add_missing(struct spool_entry *entry, const char *engine, const char *reason,
			    struct failure *why);

/* Takes that back, without storing the facts. */
void spool_entry_drop_missing(struct spool_entry *entry, const char *engine);

#endif
