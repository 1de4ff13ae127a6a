#include "spool.h"

#include "parse.h"
#include "text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Opens a directory that is ours alone to write to. */
static int
open_own(int dirfd, const char *path, struct failure *why)
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

static int
make_directories(const char *path)
{
	char *copy = strdup(path);
	int rc = copy ? 0 : -1;

	for (char *s = copy; rc == 0 && *s; s++) {
		if (*s != '/' || s == copy)
			continue;
		*s = '\0';
		rc = mkdir(copy, 0700) < 0 && errno != EEXIST ? -1 : 0;
		*s = '/';
	}
	if (rc == 0)
		rc = mkdir(copy, 0700) < 0 && errno != EEXIST ? -1 : 0;
	free(copy);
	return rc;
}

int
spool_open(struct spool *spool, config_variable *variable, struct failure *why)
{
	char *base = config_spool(variable);

	*spool = SPOOL_INIT;
	if (!base || asprintf(&spool->path, "%s/captures", base) < 0)
		spool->path = NULL;
	free(base);
	if (!spool->path)
		return failure_set(why, "out of memory");
	if (make_directories(spool->path) < 0)
		failure_errno(why, "cannot make '%s'", spool->path);
	else
		spool->dir = open_own(AT_FDCWD, spool->path, why);
	if (spool->dir >= 0)
		return 0;
	spool_close(spool);
	return -1;
}

void
spool_close(struct spool *spool)
{
	if (spool->dir >= 0)
		close(spool->dir);
	free(spool->path);
	*spool = SPOOL_INIT;
}

/* Where the time begins in an id; NULL if word is none. */
static const char *
time_of(const char *word)
{
	const char *dot = strrchr(word, '.');
	char service[65];

	if (!dot || strlen(dot + 1) != SPOOL_TIME || dot - word >= (ptrdiff_t)sizeof(service))
		return NULL;
	for (int i = 0; i < SPOOL_TIME; i++)
		if (i == 8 ? dot[1 + i] != '_' : !isdigit((unsigned char)dot[1 + i]))
			return NULL;
	memcpy(service, word, (size_t)(dot - word));
	service[dot - word] = '\0';
	return parse_is_name(service) ? dot + 1 : NULL;
}

bool
spool_is_id(const char *word)
{
	return time_of(word) != NULL;
}

static bool
is_of_service(const char *id, const char *service)
{
	size_t length = strlen(service);

	return strncmp(id, service, length) == 0 && id + length + 1 == time_of(id);
}

static int
newest_first(const void *a, const void *b)
{
	const char *one = *(char *const *)a, *other = *(char *const *)b;
	int order = strcmp(time_of(other), time_of(one));

	return order ? order : strcmp(one, other);
}

int
spool_list(const struct spool *spool, const char *service, char ***ids, struct failure *why)
{
	int fd = openat(spool->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	char **list = calloc(1, sizeof(*list));
	size_t count = 0;
	struct dirent *entry;

	if (!folder && fd >= 0)
		close(fd);
	while (folder && list && (entry = readdir(folder))) {
		char **longer;

		if (!spool_is_id(entry->d_name) ||
		    (service && !is_of_service(entry->d_name, service)))
			continue;
		longer = realloc(list, (count + 2) * sizeof(*list));
		if (!longer || !(longer[count] = strdup(entry->d_name))) {
			spool_list_free(longer ? longer : list);
			list = NULL;
			break;
		}
		list = longer;
		list[++count] = NULL;
	}
	if (!folder || !list)
		failure_errno(why, "cannot list '%s'", spool->path);
	if (folder)
		closedir(folder);
	if (!folder || !list) {
		spool_list_free(list);
		return -1;
	}
	qsort(list, count, sizeof(*list), newest_first);
	*ids = list;
	return 0;
}

void
spool_list_free(char **ids)
{
	for (char **id = ids; id && *id; id++)
		free(*id);
	free(ids);
}

static int
open_capture(const struct spool *spool, const char *id, struct capture *capture,
	     struct failure *why)
{
	*capture = CAPTURE_INIT;
	snprintf(capture->id, sizeof(capture->id), "%s", id);
	capture->dir = open_own(spool->dir, id, why);
	if (capture->dir < 0)
		return -1;
	if (asprintf(&capture->path, "%s/%s", spool->path, id) >= 0)
		return 0;
	capture->path = NULL;
	capture_close(capture);
	return failure_set(why, "out of memory");
}

int
spool_find(const struct spool *spool, const char *word, struct capture *capture,
	   struct failure *why)
{
	char **ids = NULL;
	int rc;

	if (spool_is_id(word)) {
		rc = open_capture(spool, word, capture, why);
		if (rc < 0 && errno == ENOENT)
			return failure_set(why, "there is no capture '%s'", word);
	} else {
		if (!parse_is_name(word))
			return failure_set(why, "neither a capture nor a service: '%s'", word);
		if (spool_list(spool, word, &ids, why) < 0)
			return -1;
		rc = *ids ? open_capture(spool, *ids, capture, why)
			  : failure_set(why, "there is no capture of '%s'", word);
		spool_list_free(ids);
	}
	if (rc == 0 && capture_reload(capture, why) < 0) {
		capture_close(capture);
		rc = -1;
	}
	return rc;
}

/* The unfinished capture of the service, into id. 1 if there is one, 0 if not, -1 on failure. */
static int
find_unfinished(const struct spool *spool, const char *service, char id[SPOOL_ID],
		struct failure *why)
{
	char **ids;
	int found = 0;

	if (spool_list(spool, service, &ids, why) < 0)
		return -1;
	for (char **each = ids; *each && !found; each++) {
		struct capture capture;

		/* One whose facts cannot be read is not going on. */
		if (spool_find(spool, *each, &capture, NULL) < 0)
			continue;
		found = !capture_is_over(&capture);
		snprintf(id, SPOOL_ID, "%s", *each);
		capture_close(&capture);
	}
	spool_list_free(ids);
	return found;
}

/* Makes a directory named by the present second; one that is taken is passed by waiting for the
 * next. */
static int
make_capture(const struct spool *spool, const char *service, struct capture *capture,
	     struct failure *why)
{
	char id[SPOOL_ID];
	int tries = 0;

	for (;;) {
		time_t now = time(NULL);
		char stamp[SPOOL_TIME + 1];
		struct tm tm;

		strftime(stamp, sizeof(stamp), "%Y%m%d_%H%M%S", gmtime_r(&now, &tm));
		snprintf(id, sizeof(id), "%s.%s", service, stamp);
		if (mkdirat(spool->dir, id, 0700) == 0)
			break;
		if (errno != EEXIST || ++tries > 20)
			return failure_errno(why, "cannot make '%s/%s'", spool->path, id);
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	}
	return open_capture(spool, id, capture, why);
}

static int
fill_capture(struct capture *capture, struct keyval *facts, struct failure *why)
{
	capture->facts = *facts;
	*facts = KEYVAL_INIT;
	if (flock(capture->dir, LOCK_EX) < 0 || mkdirat(capture->dir, "engines", 0700) < 0)
		return failure_errno(why, "cannot make '%s'", capture->path);
	return capture_set_state(capture, "starting", NULL, why);
}

int
spool_create(const struct spool *spool, const char *service, struct keyval *facts,
	     struct capture *capture, struct failure *why)
{
	char other[SPOOL_ID];
	int rc;

	*capture = CAPTURE_INIT;
	if (flock(spool->dir, LOCK_EX) < 0)
		return failure_errno(why, "cannot lock '%s'", spool->path);
	rc = find_unfinished(spool, service, other, why);
	if (rc > 0)
		rc = failure_set(why, "'%s' is being captured already: '%s'", service, other);
	if (rc == 0)
		rc = make_capture(spool, service, capture, why);
	if (rc == 0 && fill_capture(capture, facts, why) < 0) {
		capture_close(capture);
		rc = -1;
	}
	flock(spool->dir, LOCK_UN);
	return rc;
}

void
capture_close(struct capture *capture)
{
	if (capture->dir >= 0)
		close(capture->dir);
	free(capture->path);
	keyval_release(&capture->facts);
	*capture = CAPTURE_INIT;
}

int
capture_store(const struct capture *capture, struct failure *why)
{
	return keyval_store(&capture->facts, capture->dir, SPOOL_CAPTURE, why);
}

int
capture_reload(struct capture *capture, struct failure *why)
{
	struct failure detail = FAILURE_INIT;
	struct keyval facts = KEYVAL_INIT;

	if (keyval_load(&facts, capture->dir, SPOOL_CAPTURE, &detail) < 0) {
		keyval_release(&facts);
		return failure_set(why, "capture '%s' is damaged: %s", capture->id, detail.text);
	}
	keyval_release(&capture->facts);
	capture->facts = facts;
	return 0;
}

int
capture_lock(struct capture *capture, struct failure *why)
{
	int rc;

	do
		rc = flock(capture->dir, LOCK_EX);
	while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return failure_errno(why, "cannot lock '%s'", capture->path);
	return capture_reload(capture, why);
}

bool
capture_is_locked(const struct capture *capture)
{
	/* A lock belongs to an open file, so that this needs one of its own. */
	int fd = openat(capture->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool locked = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd);
	return locked;
}

const char *
capture_state(const struct capture *capture)
{
	const char *state = keyval_get(&capture->facts, "state");

	return state ? state : "failed";
}

bool
capture_is_over(const struct capture *capture)
{
	const char *state = capture_state(capture);

	return strcmp(state, "done") == 0 || strcmp(state, "partial") == 0 ||
	       strcmp(state, "failed") == 0;
}

int
capture_set_state(struct capture *capture, const char *state, const char *text, struct failure *why)
{
	if (keyval_set(&capture->facts, "state", "%s", state) < 0 ||
	    (text && keyval_set(&capture->facts, "message", "%s", text) < 0))
		return failure_set(why, "out of memory");
	return capture_store(capture, why);
}

char *
capture_file(const struct capture *capture, const char *format, ...)
{
	char *name = NULL, *path = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&name, format, args) < 0)
		name = NULL;
	va_end(args);
	if (name && asprintf(&path, "%s/%s", capture->path, name) < 0)
		path = NULL;
	free(name);
	return path;
}

bool
capture_has_engine(const struct capture *capture, const char *engine)
{
	for (size_t i = 0; i < capture->facts.count; i++)
		if (strcmp(capture->facts.pairs[i].key, "engine") == 0 &&
		    strcmp(capture->facts.pairs[i].value, engine) == 0)
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
capture_load_engine(const struct capture *capture, const char *engine, struct keyval *state,
		    struct failure *why)
{
	char name[80];

	*state = KEYVAL_INIT;
	if (state_name(engine, name, why) < 0)
		return -1;
	if (keyval_load(state, capture->dir, name, why) == 0)
		return 0;
	keyval_release(state);
	return errno == ENOENT ? 0 : -1;
}

int
capture_store_engine(const struct capture *capture, const char *engine, const struct keyval *state,
		     struct failure *why)
{
	char name[80];

	if (state_name(engine, name, why) < 0)
		return -1;
	return keyval_store(state, capture->dir, name, why);
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
capture_append_log(const struct capture *capture, const char *engine, const char *text,
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
	fd = openat(capture->dir, name, flags, 0600);
	out = fd < 0 ? NULL : fdopen(fd, "a");
	if (!out) {
		failure_errno(why, "cannot write '%s/%s'", capture->path, name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (fstat(fd, &st) == 0 && st.st_size < SPOOL_LOG_MAX)
		write_lines(out, text);
	return fclose(out) == 0 ? 0
				: failure_errno(why, "cannot write '%s/%s'", capture->path, name);
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
capture_record(const struct capture *capture, const char *engine, const char *output,
	       const char *complaints, int status, struct failure *why)
{
	struct keyval state, answer = KEYVAL_INIT;
	struct failure detail = FAILURE_INIT;
	int length, rc = 0;

	/* A state that has become unreadable is begun anew. */
	if (capture_load_engine(capture, engine, &state, why) < 0 && !parse_is_name(engine))
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
		rc = failure_set(why, "out of memory");
	else
		rc = capture_store_engine(capture, engine, &state, why);
	keyval_release(&answer);
	keyval_release(&state);
	return rc;
}
