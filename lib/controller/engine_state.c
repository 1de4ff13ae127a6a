/*
 * Each engine has a file of its own, which is replaced as a whole: the commands of many engines end
 * in any order, and vcap-each records each without reading the state of the others. A failed
 * command changes only `exit` and `error`, so the engine's last answer stays known while it is
 * unreachable.
 */
#include "controller/engine_state.h"

#include "base/exitcode.h"
#include "base/parse.h"
#include "base/strvec.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Lines that a state may have: an engine has one for each of its cores, and a few more. */
#define LINES_MAX 8192
#define VALUE_MAX 1024 /* bytes of a value: what is shown of an engine is bounded */

static int
state_name(const char *engine, char name[80], struct failure *why)
{
	if (!parse_is_name(engine))
		return failure_set(why, "not an engine's name: '%s'", engine);
	snprintf(name, 80, "engines/%s.state", engine);
	return 0;
}

int
engine_state_load(const struct spool_entry *entry, const char *engine, struct keyval *state,
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

static int
store_state(const struct spool_entry *entry, const char *engine, const struct keyval *state,
	    struct failure *why)
{
	char name[80];

	if (state_name(engine, name, why) < 0)
		return -1;
	return keyval_store(state, entry->dir, name, why);
}

enum engine_status
engine_state_status(const struct keyval *state)
{
	static const struct {
		const char *word;
		enum engine_status status;
	} table[] = {{"running", ENGINE_RUNNING}, {"done", ENGINE_DONE}};
	const char *word = keyval_get(state, "state");

	if (!word)
		return ENGINE_SILENT;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(word, table[i].word) == 0)
			return table[i].status;
	return ENGINE_ENDED;
}

static uint64_t
sum_of(const struct keyval *state, const char *one, const char *other)
{
	const uint64_t a = keyval_number(state, one, 0), b = keyval_number(state, other, 0);

	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

uint64_t
engine_state_packets(const struct keyval *state)
{
	return sum_of(state, "packets", "kernel-drops");
}

uint64_t
engine_state_bytes(const struct keyval *state)
{
	return sum_of(state, "bytes", "kernel-drops-bytes");
}

bool
engine_state_is_last(const struct keyval *state)
{
	return keyval_number(state, "exit", 256) == 0 && engine_state_status(state) >= ENGINE_DONE;
}

/* The last line that is not empty, and its length. */
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
engine_state_record(const struct spool_entry *entry, const char *engine, const char *output,
		    const char *errors, int status, struct failure *why)
{
	struct keyval state, answer = KEYVAL_INIT;
	struct failure detail = FAILURE_INIT;
	int length, rc = 0;

	/* An unreadable state is replaced. */
	if (engine_state_load(entry, engine, &state, why) < 0 && !parse_is_name(engine))
		return -1;
	if (keyval_parse(&answer, output, &detail) < 0 && status == 0) {
		status = 1;
		errors = detail.text;
	}
	/* Each line is compared with all others. */
	if (state.count + answer.count > LINES_MAX) {
		keyval_release(&answer);
		status = status ? status : 1;
		errors = "its answer has too many lines";
	}
	for (size_t i = 0; i < answer.count && rc == 0; i++)
		rc = keyval_set(&state, answer.pairs[i].key, "%.*s", VALUE_MAX,
				answer.pairs[i].value);
	errors = last_line(status && errors ? errors : "", &length);
	if (rc < 0 || keyval_set(&state, "exit", "%d", status) < 0 ||
	    keyval_set(&state, "error", "%.*s", length < VALUE_MAX ? length : VALUE_MAX, errors) <
		0)
		rc = failure_nomem(why);
	else
		rc = store_state(entry, engine, &state, why);
	keyval_release(&answer);
	keyval_release(&state);
	return rc;
}

int
engine_state_append_log(const struct spool_entry *entry, const char *engine, const char *text,
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
	if (fstat(fd, &st) == 0 && st.st_size < ENGINE_STATE_LOG_MAX)
		if (text_put_lines(out, text) == 0 && text[strlen(text) - 1] != '\n')
			putc('\n', out);
	return fclose(out) == 0 ? 0 : failure_errno(why, "cannot write '%s/%s'", entry->path, name);
}

char *
engine_state_failure(const struct spool_entry *entry, const char *engine)
{
	struct failure why = FAILURE_INIT;
	struct keyval state;
	const char *error;
	char *reason = NULL;
	uint64_t status;
	int rc = 0;

	if (engine_state_load(entry, engine, &state, &why) < 0)
		return strdup(why.text);
	status = keyval_number(&state, "exit", 256);
	error = keyval_get(&state, "error");
	if (status == 256)
		reason = strdup("its state is unknown");
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

bool
engine_state_is_refusal(const struct spool_entry *entry, const char *engine)
{
	static const struct {
		uint64_t from, to; /* exit status */
		const char *words; /* at the beginning of the message, or behind a host's name */
	} refusals[] = {
	    {EXIT_FAILED, EXIT_MISUSE, "vcap-"},
	    {EXIT_FAILED, EXIT_MISUSE, "sudo: "},
	    {EXIT_NOT_EXECUTABLE, EXIT_NOT_FOUND, ""},
	    {EXIT_NOT_REACHED, EXIT_NOT_REACHED, "vcap-on: "},
	    /* ssh has no session yet. */
	    {EXIT_NOT_REACHED, EXIT_NOT_REACHED, "ssh: "},
	    {EXIT_NOT_REACHED, EXIT_NOT_REACHED, "Permission denied ("},
	    {EXIT_NOT_REACHED, EXIT_NOT_REACHED, "the host key of "}, /* reason.h */
	};
	struct keyval state;
	const char *error, *behind;
	uint64_t status;
	bool refused = false;

	if (engine_state_load(entry, engine, &state, NULL) < 0)
		return false;
	status = keyval_number(&state, "exit", 0);
	error = keyval_get(&state, "error");
	behind = error ? strstr(error, ": ") : NULL;
	for (size_t i = 0; error && i < sizeof(refusals) / sizeof(*refusals); i++) {
		const char *words = refusals[i].words;

		if (status >= refusals[i].from && status <= refusals[i].to)
			refused |= strncmp(error, words, strlen(words)) == 0 ||
				   (behind && strncmp(behind + 2, words, strlen(words)) == 0);
	}
	/* What it said instead (framed.h) tells nothing of what it did. */
	if (error && strncmp(error, "vcap-on: ", 9) == 0 && strstr(error, "' did not answer: '"))
		refused = false;
	keyval_release(&state);
	return refused;
}

bool
engine_state_is_expected_end(const struct spool_entry *entry, const struct keyval *state)
{
	const char *reason = keyval_get(state, "reason"), *version = keyval_get(state, "version");

	if (!reason)
		return true;
	if (strcmp(reason, "time") == 0)
		return keyval_number(&entry->facts, "duration", 0) > 0;
	if (strcmp(reason, "snapshot") == 0)
		return keyval_get(&entry->facts, "snapshot-of") != NULL;
	if (strcmp(reason, "count") == 0)
		return keyval_number(&entry->facts, "count", 0) > 0;
	if (!spool_entry_is_stopping(entry))
		return false;
	/* 0.1.0 was stopped by a signal. */
	return strcmp(reason, "request") == 0 ||
	       (strcmp(reason, "signal") == 0 && version && strcmp(version, "0.1.0") == 0);
}

int
engine_state_give_up(struct spool_entry *entry, const char *engine, struct failure *why)
{
	char *reason = engine_state_failure(entry, engine);
	int rc = spool_entry_add_pending(entry, engine, reason ? reason : "not reached", why);

	free(reason);
	return rc;
}

bool
engine_state_has_file(const struct spool_entry *entry, const char *engine)
{
	char *path = spool_entry_file(entry, "engines/%s.pcapng", engine);
	bool there = path && access(path, F_OK) == 0;

	free(path);
	return there;
}

uint64_t
engine_state_total(const struct spool_entry *entry, const char *key)
{
	struct strvec names = spool_entry_engines(entry);
	uint64_t sum = 0;

	if (keyval_get(&entry->facts, key)) {
		sum = keyval_number(&entry->facts, key, 0);
	} else {
		for (size_t i = 0; i < names.count; i++) {
			struct keyval state;

			if (engine_state_load(entry, names.list[i], &state, NULL) < 0)
				continue;
			sum += keyval_number(&state, key, 0);
			keyval_release(&state);
		}
	}
	strvec_release(&names);
	return sum;
}
