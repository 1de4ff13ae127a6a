/*
 * The facts are one small file that is replaced as a whole (keyval_store), so readers need no lock:
 * they see the facts before a change or after it. Writers hold the lock. It is flock(2) on the open
 * directory rather than a lock file: it ends when its holder dies, and leaves nothing to clean up.
 * Two things are written without it, because a waiting vcap-wait holds it for the whole capture:
 * the request to stop, which is a file of its own, and the state of each engine, likewise.
 */
#include "controller/spool_entry.h"

#include "base/exitcode.h"
#include "base/parse.h"
#include "controller/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FACTS_FILE "capture"

int
spool_entry_open_directory(int dirfd, const char *path, struct failure *why)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		failure_errno(why, "cannot open '%s'", path);
	} else if (st.st_uid != geteuid()) {
		errno = EPERM;
		failure_set(why, "'%s' belongs to another user", path);
	} else if (st.st_mode & 022) {
		errno = EPERM;
		failure_set(why, "others may write to '%s'", path);
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

int
spool_entry_open(struct spool_entry *entry, int dirfd, const char *path, const char *id,
		 struct failure *why)
{
	*entry = SPOOL_ENTRY_INIT;
	snprintf(entry->id, sizeof(entry->id), "%s", id);
	entry->dir = spool_entry_open_directory(dirfd, id, why);
	if (entry->dir < 0)
		return -1;
	if (asprintf(&entry->path, "%s/%s", path, id) >= 0)
		return 0;
	entry->path = NULL;
	spool_entry_close(entry);
	return failure_nomem(why);
}

void
spool_entry_close(struct spool_entry *entry)
{
	if (entry->dir >= 0)
		close(entry->dir);
	free(entry->path);
	keyval_release(&entry->facts);
	*entry = SPOOL_ENTRY_INIT;
}

int
spool_entry_store(const struct spool_entry *entry, struct failure *why)
{
	return keyval_store(&entry->facts, entry->dir, FACTS_FILE, why);
}

int
spool_entry_reload(struct spool_entry *entry, struct failure *why)
{
	struct failure detail = FAILURE_INIT;
	struct keyval facts = KEYVAL_INIT;

	if (keyval_load(&facts, entry->dir, FACTS_FILE, &detail) < 0) {
		keyval_release(&facts);
		return failure_set(why, "capture '%s' is damaged: %s", entry->id, detail.text);
	}
	keyval_release(&entry->facts);
	entry->facts = facts;
	return 0;
}

int
spool_entry_lock(struct spool_entry *entry, struct failure *why)
{
	int rc;

	do
		rc = flock(entry->dir, LOCK_EX);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return failure_errno(why, "cannot lock '%s'", entry->path);
	return spool_entry_reload(entry, why);
}

void
spool_entry_unlock(const struct spool_entry *entry)
{
	flock(entry->dir, LOCK_UN);
}

bool
spool_entry_is_locked(const struct spool_entry *entry)
{
	/* A lock belongs to an open file description: probing it takes another one. */
	int fd = openat(entry->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	return locked;
}

static const char *const state_names[] = {
    [CAPTURE_WAITING] = "waiting",     [CAPTURE_STARTING] = "starting",
    [CAPTURE_CAPTURING] = "capturing", [CAPTURE_FETCHING] = "fetching",
    [CAPTURE_MERGING] = "merging",     [CAPTURE_DONE] = "done",
    [CAPTURE_PARTIAL] = "partial",     [CAPTURE_FAILED] = "failed",
};

const char *
spool_entry_name_of(enum capture_state state)
{
	return state_names[state];
}

const char *
spool_entry_state_name(const struct spool_entry *entry)
{
	const char *word = keyval_get(&entry->facts, "state");

	return word ? word : state_names[CAPTURE_FAILED];
}

enum capture_state
spool_entry_state(const struct spool_entry *entry)
{
	const char *word = spool_entry_state_name(entry);

	for (int state = 0; state < CAPTURE_UNKNOWN; state++)
		if (strcmp(word, state_names[state]) == 0)
			return (enum capture_state)state;
	return CAPTURE_UNKNOWN;
}

bool
spool_entry_is_over(const struct spool_entry *entry)
{
	const enum capture_state state = spool_entry_state(entry);

	return state >= CAPTURE_DONE && state <= CAPTURE_FAILED;
}

bool
spool_entry_is_capturing(const struct spool_entry *entry)
{
	return spool_entry_state(entry) <= CAPTURE_CAPTURING;
}

int
spool_entry_set_state(struct spool_entry *entry, enum capture_state state, const char *text,
		      struct failure *why)
{
	if (keyval_set(&entry->facts, "state", "%s", state_names[state]) < 0 ||
	    (text &&
	     keyval_set(&entry->facts, "message", "%.*s", SPOOL_ENTRY_MESSAGE_MAX, text) < 0))
		return failure_nomem(why);
	return spool_entry_store(entry, why);
}

/* Whether there is a fact `key engine`. */
static bool
is_marked(const struct spool_entry *entry, const char *key, const char *engine)
{
	for (size_t i = 0; i < entry->facts.count; i++)
		if (strcmp(entry->facts.pairs[i].key, key) == 0 &&
		    strcmp(entry->facts.pairs[i].value, engine) == 0)
			return true;
	return false;
}

static int
mark(struct spool_entry *entry, const char *key, const char *engine, struct failure *why)
{
	if (!is_marked(entry, key, engine) && keyval_add(&entry->facts, key, "%s", engine) < 0)
		return failure_nomem(why);
	return 0;
}

const char *
spool_entry_token(const struct spool_entry *entry, const char *engine)
{
	const char *token = keyval_get(&entry->facts, "token");

	return token && parse_is_token(token) && !is_marked(entry, "older", engine) ? token : NULL;
}

int
spool_entry_set_older(struct spool_entry *entry, const char *engine, struct failure *why)
{
	return mark(entry, "older", engine, why) < 0 ? -1 : spool_entry_store(entry, why);
}

char *
spool_entry_file(const struct spool_entry *entry, const char *format, ...)
{
	char *name = NULL, *path = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&name, format, args) < 0)
		name = NULL;
	va_end(args);
	if (name && asprintf(&path, "%s/%s", entry->path, name) < 0)
		path = NULL;
	free(name);
	return path;
}

bool
spool_entry_has_engine(const struct spool_entry *entry, const char *engine)
{
	return is_marked(entry, "engine", engine);
}

/* The reason in a `missing` line about this engine; NULL: the line is another one. */
static const char *
missing_reason(const struct keyval_pair *pair, const char *engine)
{
	size_t length = strlen(engine);

	if (strcmp(pair->key, "missing") != 0 || strncmp(pair->value, engine, length) != 0 ||
	    pair->value[length] != ' ')
		return NULL;
	return pair->value + length + 1;
}

const char *
spool_entry_missing_reason(const struct spool_entry *entry, const char *engine)
{
	for (size_t i = 0; i < entry->facts.count; i++) {
		const char *reason = missing_reason(&entry->facts.pairs[i], engine);

		if (reason)
			return reason;
	}
	return NULL;
}

static struct strvec
engines_of(const struct spool_entry *entry, bool missing_too)
{
	struct strvec words = STRVEC_INIT;

	for (size_t i = 0; i < entry->facts.count; i++) {
		const struct keyval_pair *pair = &entry->facts.pairs[i];

		if (strcmp(pair->key, "engine") == 0 && parse_is_name(pair->value) &&
		    (missing_too || !spool_entry_missing_reason(entry, pair->value)))
			strvec_push(&words, pair->value);
	}
	return words;
}

struct strvec
spool_entry_engines(const struct spool_entry *entry)
{
	return engines_of(entry, true);
}

struct strvec
spool_entry_participants(const struct spool_entry *entry)
{
	return engines_of(entry, false);
}

int
spool_entry_choose(const struct spool_entry *entry, const char *list, struct strvec *names,
		   struct failure *why)
{
	for (const char *word = list ? list : ""; *word;) {
		const size_t length = strcspn(word, ",");
		char *name = strndup(word, length);
		int rc = 0;

		if (!name)
			rc = failure_nomem(why);
		else if (*name && !spool_entry_has_engine(entry, name))
			rc = failure_set(why, "capture '%s' has no engine '%s'", entry->id, name);
		free(name);
		if (rc < 0)
			return -1;
		word += length + (word[length] == ',');
	}
	for (size_t i = 0; i < entry->facts.count; i++) {
		const struct keyval_pair *pair = &entry->facts.pairs[i];

		if (strcmp(pair->key, "engine") == 0 &&
		    (!list || engine_is_listed(list, pair->value)))
			strvec_push(names, pair->value);
	}
	return names->failed ? failure_nomem(why) : 0;
}

static void drop(struct keyval *facts, const char *key, const char *engine, bool is_there);

int
spool_entry_add_missing(struct spool_entry *entry, const char *engine, const char *reason,
			struct failure *why)
{
	drop(&entry->facts, "late", engine, false);
	if (keyval_add(&entry->facts, "missing", "%s %.*s", engine, SPOOL_ENTRY_MESSAGE_MAX / 8,
		       reason) < 0)
		return failure_nomem(why);
	return spool_entry_store(entry, why);
}

static bool
is_mark(const struct keyval_pair *pair, const char *key, const char *engine)
{
	return strcmp(pair->key, key) == 0 && strcmp(pair->value, engine) == 0;
}

/* Removes the mark key of the engine (is_marked), and that it is missing if is_there. */
static void
drop(struct keyval *facts, const char *key, const char *engine, bool is_there)
{
	size_t kept = 0;

	for (size_t i = 0; i < facts->count; i++) {
		struct keyval_pair *pair = &facts->pairs[i];

		if (is_mark(pair, key, engine) || (is_there && missing_reason(pair, engine))) {
			free(pair->key);
			free(pair->value);
		} else {
			facts->pairs[kept++] = *pair;
		}
	}
	facts->count = kept;
}

void
spool_entry_drop_missing(struct spool_entry *entry, const char *engine)
{
	drop(&entry->facts, "pending", engine, true);
}

int
spool_entry_add_pending(struct spool_entry *entry, const char *engine, const char *reason,
			struct failure *why)
{
	if (mark(entry, "pending", engine, why) < 0)
		return -1;
	return spool_entry_add_missing(entry, engine, reason, why);
}

struct strvec
spool_entry_marked(const struct spool_entry *entry, const char *key)
{
	struct strvec all = engines_of(entry, true), marked = STRVEC_INIT;

	for (size_t i = 0; i < all.count; i++)
		if (is_marked(entry, key, all.list[i]))
			strvec_push(&marked, all.list[i]);
	strvec_release(&all);
	return marked;
}

bool
spool_entry_is_pending(const struct spool_entry *entry, const char *engine)
{
	return is_marked(entry, "pending", engine);
}

int
spool_entry_mark_kept(struct spool_entry *entry, const char *engine, struct failure *why)
{
	return mark(entry, "kept", engine, why);
}

bool
spool_entry_is_kept(const struct spool_entry *entry, const char *engine)
{
	return is_marked(entry, "kept", engine);
}

void
spool_entry_clear(struct spool_entry *entry, const char *key, const char *value)
{
	drop(&entry->facts, key, value, false);
}

bool
spool_entry_has_merged(const struct spool_entry *entry)
{
	const enum capture_state state = spool_entry_state(entry);

	return state == CAPTURE_DONE || state == CAPTURE_PARTIAL;
}

bool
spool_entry_is_merged(const struct spool_entry *entry, const char *engine)
{
	return spool_entry_has_merged(entry) && !is_marked(entry, "late", engine);
}

int
spool_entry_take_in(struct spool_entry *entry, const char *engine, struct failure *why)
{
	spool_entry_drop_missing(entry, engine);
	return spool_entry_has_merged(entry) ? mark(entry, "late", engine, why) : 0;
}

int64_t
spool_entry_began_ns(const struct spool_entry *entry)
{
	static const char *const keys[] = {"started", "at", "created"};
	int64_t began_ns;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const char *word = keyval_get(&entry->facts, keys[i]);

		if (word && parse_offset(word, &began_ns, NULL) == 0)
			return began_ns;
	}
	return 0;
}

/* Makes an empty file: whoever holds the lock looks for it. */
static int
ask_by_file(const struct spool_entry *entry, const char *name, struct failure *why)
{
	int fd = openat(entry->dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return failure_errno(why, "cannot write '%s/%s'", entry->path, name);
	close(fd);
	return 0;
}

int
spool_entry_ask_stop(const struct spool_entry *entry, struct failure *why)
{
	return ask_by_file(entry, "stop", why);
}

bool
spool_entry_is_stopping(const struct spool_entry *entry)
{
	return faccessat(entry->dir, "stop", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int
spool_entry_ask_give_up(const struct spool_entry *entry, struct failure *why)
{
	return ask_by_file(entry, "give-up", why);
}

bool
spool_entry_is_given_up(const struct spool_entry *entry)
{
	return faccessat(entry->dir, "give-up", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}
