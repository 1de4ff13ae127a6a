/*
 * One capture in the spool, vcap-spool(5): its facts, that is its parameters and state, in the file
 * `capture`. The state of its engines is in engine_state.h.
 *
 * A command that works on a capture holds flock(2) on its directory: the kernel releases the lock
 * when the command dies.
 */
#ifndef VCAP_SPOOL_ENTRY_H
#define VCAP_SPOOL_ENTRY_H

#include "base/failure.h"
#include "base/keyval.h"
#include "base/strvec.h"
#include "controller/spool_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The life of a capture, in this order. The last three are final. */
enum capture_state {
	CAPTURE_WAITING,   /* for its start time */
	CAPTURE_STARTING,  /* its engines are being started */
	CAPTURE_CAPTURING, /* its engines capture */
	CAPTURE_FETCHING,
	CAPTURE_MERGING,
	CAPTURE_DONE,
	CAPTURE_PARTIAL, /* merged, but something is missing: the fact `message` says what */
	CAPTURE_FAILED,
	CAPTURE_UNKNOWN, /* a word that this version does not know */
};

/* An open capture. facts is the content of the file `capture`, as last read or changed here. */
struct spool_entry {
	char id[SPOOL_ID_MAX];
	char *path; /* of its directory */
	int dir;    /* the directory, which the lock is held on */
	struct keyval facts;
};

#define SPOOL_ENTRY_INIT ((struct spool_entry){.dir = -1})

/* Opens a directory for reading and locking. Returns the descriptor, the caller's. -1 with why and
 * errno (EPERM: it belongs to another user, or others may write to it). */
int spool_entry_open_directory(int dirfd, const char *path, struct failure *why);

/* Opens the capture id in the directory dirfd, whose path is for messages; facts are empty until
 * spool_entry_reload. -1: entry is SPOOL_ENTRY_INIT, and errno is ENOENT if there is none. */
int spool_entry_open(struct spool_entry *entry, int dirfd, const char *path, const char *id,
		     struct failure *why);

/* Closes the capture and so releases the lock; entry is SPOOL_ENTRY_INIT afterwards. */
void spool_entry_close(struct spool_entry *entry);

/* Replaces the file `capture` by the facts. -1: the file is unchanged. */
int spool_entry_store(const struct spool_entry *entry, struct failure *why);

/* Reads the facts again, which another process may have changed. -1: they are unchanged. */
int spool_entry_reload(struct spool_entry *entry, struct failure *why);

/* Waits for the lock on the capture, holds it until spool_entry_close, and reloads the facts. -1:
 * the lock is held all the same if only the reload failed. */
int spool_entry_lock(struct spool_entry *entry, struct failure *why);

/* Gives the lock back. */
void spool_entry_unlock(const struct spool_entry *entry);

/* Whether any process holds the lock, this one included. */
bool spool_entry_is_locked(const struct spool_entry *entry);

/* The state; CAPTURE_FAILED if the facts have none. */
enum capture_state spool_entry_state(const struct spool_entry *entry);

/* The state's name in the file and in tables: waiting, starting, capturing, fetching, merging,
 * done, partial, failed, or an unknown word. Owned by the facts; never NULL. */
const char *spool_entry_state_name(const struct spool_entry *entry);

/* The name of a state, but of CAPTURE_UNKNOWN; static. */
const char *spool_entry_name_of(enum capture_state state);

/* Whether the state is final. */
bool spool_entry_is_over(const struct spool_entry *entry);

/* Whether its engines capture or will: waiting, starting or capturing. */
bool spool_entry_is_capturing(const struct spool_entry *entry);

#define SPOOL_ENTRY_MESSAGE_MAX 16384 /* bytes of the message; of a reason below an eighth */

/* Sets the state (not CAPTURE_UNKNOWN) and, unless text is NULL, the message, and stores the facts.
 * -1: they could not be stored, but may be changed here. */
int spool_entry_set_state(struct spool_entry *entry, enum capture_state state, const char *text,
			  struct failure *why);

/* When it began, else when it will, else when it was created: ns since 1970; 0: not known. */
int64_t spool_entry_began_ns(const struct spool_entry *entry);

/* Requests the end of the capture by making the file `stop`. Needs no lock: vcap-wait holds it. */
int spool_entry_ask_stop(const struct spool_entry *entry, struct failure *why);

/* Whether the end was requested. */
bool spool_entry_is_stopping(const struct spool_entry *entry);

/* Asks whoever works on the capture to leave it, by the file `give-up`: it is to be removed, with
 * what the engines have. Needs no lock, either. */
int spool_entry_ask_give_up(const struct spool_entry *entry, struct failure *why);

/* Whether that was asked. */
bool spool_entry_is_given_up(const struct spool_entry *entry);

/* The token by which the engine knows the capture; NULL: it is older than tokens, or the capture
 * is. Owned by the facts. */
const char *spool_entry_token(const struct spool_entry *entry, const char *engine);

/* Marks an engine as older than tokens: one of 0.1.0. Stores the facts. */
int spool_entry_set_older(struct spool_entry *entry, const char *engine, struct failure *why);

/* The path of a file in the capture's directory. Heap; NULL: out of memory. */
char *spool_entry_file(const struct spool_entry *entry, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether the capture has this engine. */
bool spool_entry_has_engine(const struct spool_entry *entry, const char *engine);

/* All engines of the capture, in the order of the service file; the caller releases the vector,
 * here and below. */
struct strvec spool_entry_engines(const struct spool_entry *entry);

/* The participating engines: all but the missing ones. */
struct strvec spool_entry_participants(const struct spool_entry *entry);

/* Appends to names the engines in a comma-separated list (NULL: all), in the capture's order. -1
 * with why: one is not the capture's, names unchanged; or out of memory. */
int spool_entry_choose(const struct spool_entry *entry, const char *list, struct strvec *names,
		       struct failure *why);

/* Why the engine is missing; NULL: it is not. Owned by the facts. */
const char *spool_entry_missing_reason(const struct spool_entry *entry, const char *engine);

/* Adds the engine to the missing ones, and stores the facts. */
int spool_entry_add_missing(struct spool_entry *entry, const char *engine, const char *reason,
			    struct failure *why);

/* Removes the engine from the missing ones, without storing the facts. */
void spool_entry_drop_missing(struct spool_entry *entry, const char *engine);

/* As spool_entry_add_missing, for an engine that may have a part of the capture (orphans.h). */
int spool_entry_add_pending(struct spool_entry *entry, const char *engine, const char *reason,
			    struct failure *why);
bool spool_entry_is_pending(const struct spool_entry *entry, const char *engine);

/* Whether the engine takes part and still has its copy, which could not be removed there
 * (leftover.h). */
bool spool_entry_is_kept(const struct spool_entry *entry, const char *engine);

/* Sets that mark, without storing the facts. -1: out of memory. */
int spool_entry_mark_kept(struct spool_entry *entry, const char *engine, struct failure *why);

/* The engines with this mark, `pending` or `kept`, in the capture's order; the caller releases the
 * vector. */
struct strvec spool_entry_marked(const struct spool_entry *entry, const char *key);

/* Takes a missing engine in (spool_entry_drop_missing); if there is a merged file it is late: its
 * packets are not in there. Does not store the facts. */
int spool_entry_take_in(struct spool_entry *entry, const char *engine, struct failure *why);

/* Whether there is a merged file: the state is done or partial. */
bool spool_entry_has_merged(const struct spool_entry *entry);

/* Whether the packets of a participating engine are in it. */
bool spool_entry_is_merged(const struct spool_entry *entry, const char *engine);

/* Removes a fact, such as the mark of an engine, without storing the facts. */
void spool_entry_clear(struct spool_entry *entry, const char *key, const char *value);

#endif
