#include "controller/spool_entry.h"

#include "base/exitcode.h"
#include "base/parse.h"
#include "base/text.h"

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
	return keyval_store(&entry->facts, entry->dir, SPOOL_CAPTURE, why);
}

int
spool_entry_reload(struct spool_entry *entry, struct failure *why)
{
	struct failure detail = FAILURE_INIT;
	struct keyval facts = KEYVAL_INIT;

	if (keyval_load(&facts, entry->dir, SPOOL_CAPTURE, &detail) < 0) {
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

bool
spool_entry_is_locked(const struct spool_entry *entry)
{
	/* A lock belongs to an open file, so that this needs one of its own. */
	int fd = openat(entry->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	return locked;
}

const char *
spool_entry_state(const struct spool_entry *entry)
{
	const char *state = keyval_get(&entry->facts, "state");

	return state ? state : "failed";
}

bool
spool_entry_is_over(const struct spool_entry *entry)
{
	const char *state = spool_entry_state(entry);

	return strcmp(state, "done") == 0 || strcmp(state, "partial") == 0 ||
	       strcmp(state, "failed") == 0;
}

bool
spool_entry_is_capturing(const struct spool_entry *entry)
{
	const char *state = spool_entry_state(entry);

	return strcmp(state, "waiting") == 0 || strcmp(state, "starting") == 0 ||
	       strcmp(state, "capturing") == 0;
}

int
spool_entry_set_state(struct spool_entry *entry, const char *state, const char *text,
		      struct failure *why)
{
	if (keyval_set(&entry->facts, "state", "%s", state) < 0 ||
	    (text && keyval_set(&entry->facts, "message", "%s", text) < 0))
		return failure_nomem(why);
	return spool_entry_store(entry, why);
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
	for (size_t i = 0; i < entry->facts.count; i++)
		if (strcmp(entry->facts.pairs[i].key, "engine") == 0 &&
		    strcmp(entry->facts.pairs[i].value, engine) == 0)
			return true;
	return false;
}

static int
state_name(const char *engine, char name[80], struct failure *why)
{
	if (!parse_is_name(engine))
		return failure_set(why, "not an engine's name: '%s'", engine);
	snprintf(name, 80, "engines/%s.state", engine);
	return 0;
}

int
spool_entry_load_engine(const struct spool_entry *entry, const char *engine, struct keyval *state,
			struct failure *why)
{
	char name[80];

	*state = KEYVAL_INIT;
	if (state_name(engine, name, why) < 0)
		return -1;
	if (keyval_load(state, entry->dir, name, why) == 0)
		return 0;
	keyval_release(state);
	return errno == ENOENT ? 0 : -1;
}

int
spool_entry_store_engine(const struct spool_entry *entry, const char *engine,
			 const struct keyval *state, struct failure *why)
{
	char name[80];

	if (state_name(engine, name, why) < 0)
		return -1;
	return keyval_store(state, entry->dir, name, why);
}

/* Writes text line by line, each made harmless. */
static void
write_lines(FILE *out, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line = strndup(text, length);
		char *safe = line ? malloc(4 * length + 1) : NULL;

		if (safe)
			fprintf(out, "%s\n", text_escape(safe, 4 * length + 1, line));
		free(safe);
		free(line);
		text += length;
		text += *text == '\n';
	}
}

int
spool_entry_append_log(const struct spool_entry *entry, const char *engine, const char *text,
		       struct failure *why)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
	char name[80];
	struct stat st;
	FILE *out;
	int fd;

	if (!*text)
		return 0;
	if (!parse_is_name(engine))
		return failure_set(why, "not an engine's name: '%s'", engine);
	snprintf(name, sizeof(name), "engines/%s.log", engine);
	fd = openat(entry->dir, name, flags, 0600);
	out = fd < 0 ? NULL : fdopen(fd, "a");
	if (!out) {
		failure_errno(why, "cannot write '%s/%s'", entry->path, name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (fstat(fd, &st) == 0 && st.st_size < SPOOL_LOG_MAX)
		write_lines(out, text);
	return fclose(out) == 0 ? 0 : failure_errno(why, "cannot write '%s/%s'", entry->path, name);
}

/* Where the last line that is not empty begins, and its length. */
static const char *
last_line(const char *text, int *length)
{
	const char *end = text + strlen(text), *start;

	while (end > text && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	for (start = end; start > text && start[-1] != '\n'; start--)
		;
	*length = (int)(end - start);
	return start;
}

int
spool_entry_record(const struct spool_entry *entry, const char *engine, const char *output,
		   const char *complaints, int status, struct failure *why)
{
	struct keyval state, answer = KEYVAL_INIT;
	struct failure detail = FAILURE_INIT;
	int length, rc = 0;

	/* A state that has become unreadable is begun anew. */
	if (spool_entry_load_engine(entry, engine, &state, why) < 0 && !parse_is_name(engine))
		return -1;
	if (keyval_parse(&answer, output, &detail) < 0 && status == 0) {
		status = 1;
		complaints = detail.text;
	}
	for (size_t i = 0; i < answer.count && rc == 0; i++)
		rc = keyval_set(&state, answer.pairs[i].key, "%s", answer.pairs[i].value);
	complaints = last_line(status ? complaints : "", &length);
	if (rc < 0 || keyval_set(&state, "exit", "%d", status) < 0 ||
	    keyval_set(&state, "error", "%.*s", length, complaints) < 0)
		rc = failure_nomem(why);
	else
		rc = spool_entry_store_engine(entry, engine, &state, why);
	keyval_release(&answer);
	keyval_release(&state);
	return rc;
}

/* The reason if the value of a `missing` line is about this engine, else NULL. */
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

uint64_t
spool_entry_counter(const struct spool_entry *entry, const char *key)
{
	struct strvec names = spool_entry_engines(entry);
	uint64_t sum = 0;

	if (keyval_get(&entry->facts, key)) {
		sum = keyval_number(&entry->facts, key, 0);
	} else {
		for (size_t i = 0; i < names.count; i++) {
			struct keyval state;

			if (spool_entry_load_engine(entry, names.list[i], &state, NULL) < 0)
				continue;
			sum += keyval_number(&state, key, 0);
			keyval_release(&state);
		}
	}
	strvec_release(&names);
	return sum;
}

char *
spool_entry_engine_failure(const struct spool_entry *entry, const char *engine)
{
	struct failure why = FAILURE_INIT;
	struct keyval state;
	const char *error;
	char *reason = NULL;
	uint64_t status;
	int rc = 0;

	if (spool_entry_load_engine(entry, engine, &state, &why) < 0)
		return strdup(why.text);
	status = keyval_number(&state, "exit", 256);
	error = keyval_get(&state, "error");
	if (status == 256)
		reason = strdup("nothing is known of it");
	else if (status != 0 && error && *error)
		rc = asprintf(&reason, "%s%s", status == EXIT_NOT_REACHED ? "not reached: " : "",
			      error);
	else if (status != 0)
		rc = asprintf(&reason, "exit status %" PRIu64, status);
	if (rc < 0)
		reason = NULL;
	keyval_release(&state);
	return reason;
}

int
spool_entry_add_missing(struct spool_entry *entry, const char *engine, const char *reason,
			struct failure *why)
{
	if (keyval_add(&entry->facts, "missing", "%s %s", engine, reason) < 0)
		return failure_nomem(why);
	return spool_entry_store(entry, why);
}

bool
spool_entry_has_fetched(const struct spool_entry *entry, const char *engine)
{
	char *path = spool_entry_file(entry, "engines/%s.pcapng", engine);
	bool there = path && access(path, F_OK) == 0;

	free(path);
	return there;
}

int
spool_entry_give_up(struct spool_entry *entry, const char *engine, struct failure *why)
{
	char *reason = spool_entry_engine_failure(entry, engine);
	int rc = spool_entry_add_missing(entry, engine, reason ? reason : "not reached", why);

	free(reason);
	return rc;
}

void
spool_entry_drop_missing(struct spool_entry *entry, const char *engine)
{
	struct keyval *facts = &entry->facts;
	size_t kept = 0;

	for (size_t i = 0; i < facts->count; i++) {
		if (missing_reason(&facts->pairs[i], engine)) {
			free(facts->pairs[i].key);
			free(facts->pairs[i].value);
		} else {
			facts->pairs[kept++] = facts->pairs[i];
		}
	}
	facts->count = kept;
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

int
spool_entry_ask_stop(const struct spool_entry *entry, struct failure *why)
{
	int fd = openat(entry->dir, "stop", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return failure_errno(why, "cannot write '%s/stop'", entry->path);
	close(fd);
	return 0;
}

bool
spool_entry_is_stopping(const struct spool_entry *entry)
{
	return faccessat(entry->dir, "stop", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}
