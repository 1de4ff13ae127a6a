/*
 * A capture is created under the lock of the directory of captures, so that two processes cannot
 * start the same service at once, and is locked before that lock is released. Its id is its
 * directory's name, so mkdir(2) decides whether an id is free.
 *
 * A capture is removed in two steps: its directory is renamed to a name that is no id, which takes
 * it out of every list at once, then its files are unlinked. A process that is killed in between
 * leaves such a directory, which the next spool_create removes.
 */
#include "controller/spool.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "base/parse.h"
#include "base/strvec.h"
#include "controller/spool_id.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int
spool_open(struct spool *spool, config_variable *variable, struct failure *why)
{
	char *base = config_spool(variable);

	*spool = SPOOL_INIT;
	spool->variable = variable;
	if (!base || asprintf(&spool->path, "%s/captures", base) < 0)
		spool->path = NULL;
	free(base);
	if (!spool->path)
		return failure_nomem(why);
	if (fileio_make_directories(spool->path, 0700, why) == 0)
		spool->dir = spool_entry_open_directory(AT_FDCWD, spool->path, why);
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

/* Whether the id is word, or of the service called word. */
static bool
is_chosen(const char *id, const char *word)
{
	return strcmp(id, word) == 0 || spool_id_is_of(id, word);
}

static int
newest_first(const void *a, const void *b)
{
	return spool_id_compare(*(char *const *)b, *(char *const *)a);
}

/* word, or the name of the service that it is an alias of: heap. NULL with why. */
static char *
resolve(const struct spool *spool, const char *word, struct failure *why)
{
	char *name = NULL;

	if (!spool->variable || spool_id_is_valid(word)) {
		name = strdup(word);
		if (!name)
			failure_nomem(why);
	} else if (config_resolve(&name, word, spool->variable, why) < 0) {
		return NULL;
	}
	return name;
}

static int
list_named(const struct spool *spool, const char *word, char ***ids, struct failure *why)
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

		if (!spool_id_is_valid(entry->d_name) || (word && !is_chosen(entry->d_name, word)))
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

int
spool_list(const struct spool *spool, const char *word, char ***ids, struct failure *why)
{
	char *name = word ? resolve(spool, word, why) : NULL;
	int rc = word && !name ? -1 : list_named(spool, name, ids, why);

	free(name);
	return rc;
}

void
spool_list_free(char **ids)
{
	for (char **id = ids; id && *id; id++)
		free(*id);
	free(ids);
}

/* Opens the capture and reads its facts. */
static int
open_capture(const struct spool *spool, const char *id, struct spool_entry *capture,
	     struct failure *why)
{
	int rc = spool_entry_open(capture, spool->dir, spool->path, id, why);

	if (rc < 0 && errno == ENOENT)
		return failure_set(why, "there is no capture '%s'", id);
	if (rc == 0 && spool_entry_reload(capture, why) < 0) {
		spool_entry_close(capture);
		rc = -1;
	}
	return rc;
}

/* Whether the capture is unfinished. One whose facts cannot be read counts as finished. The request
 * (NULL: any) has to be its own. */
static bool
is_unfinished(const struct spool *spool, const char *id, const char *request)
{
	struct spool_entry capture;
	const char *own;
	bool found;

	if (open_capture(spool, id, &capture, NULL) < 0)
		return false;
	own = keyval_get(&capture.facts, "request");
	found = !spool_entry_is_over(&capture) && (!request || (own && strcmp(own, request) == 0));
	spool_entry_close(&capture);
	return found;
}

/* Keeps those of the ids for which keep is set, and frees the others. */
static void
keep_some(char **ids, const bool *keep)
{
	size_t kept = 0;

	for (size_t i = 0; ids[i]; i++) {
		if (keep[i])
			ids[kept++] = ids[i];
		else
			free(ids[i]);
	}
	ids[kept] = NULL;
}

int
spool_choose(const struct spool *spool, const char *word, char ***ids, struct failure *why)
{
	bool *keep, has_unfinished = false;
	size_t count = 0;
	char **list, *name = resolve(spool, word, why);
	int rc = name ? 0 : -1;

	if (rc == 0 && !spool_id_is_valid(name) && !parse_is_name(name))
		rc = failure_set(why, "neither a capture nor a service: '%s'", word);
	if (rc == 0)
		rc = list_named(spool, name, &list, why);
	free(name);
	if (rc < 0)
		return -1;
	while (list[count])
		count++;
	keep = calloc(count + 1, sizeof(*keep));
	for (size_t i = 0; keep && i < count; i++)
		has_unfinished |= keep[i] = is_unfinished(spool, list[i], NULL);
	if (keep && !has_unfinished)
		keep[0] = true;
	if (keep)
		keep_some(list, keep);
	free(keep);
	if (keep && count > 0) {
		*ids = list;
		return 0;
	}
	spool_list_free(list);
	return keep ? failure_set(why, "there is no capture %s'%s'",
				  spool_id_is_valid(word) ? "" : "of ", word)
		    : failure_nomem(why);
}

int
spool_name_several(const char *word, const struct strvec *ids, struct failure *why)
{
	char *text = strvec_join(ids, "', '");

	failure_set(why, "several captures of '%s' are unfinished: '%s'", word, text ? text : "");
	free(text);
	return SPOOL_SEVERAL;
}

int
spool_find(const struct spool *spool, const char *word, struct spool_entry *capture,
	   struct failure *why)
{
	struct strvec names = STRVEC_INIT;
	char **ids;
	int rc;

	*capture = SPOOL_ENTRY_INIT;
	if (spool_id_is_valid(word))
		return open_capture(spool, word, capture, why);
	if (spool_choose(spool, word, &ids, why) < 0)
		return -1;
	if (!ids[1]) {
		rc = open_capture(spool, *ids, capture, why);
	} else {
		strvec_pushv(&names, ids);
		rc = spool_name_several(word, &names, why);
		strvec_release(&names);
	}
	spool_list_free(ids);
	return rc;
}

/* Fails if an unfinished capture of the service is by the same request. */
static int
check_request(const struct spool *spool, const char *service, const char *request,
	      struct failure *why)
{
	char **ids;
	int rc = 0;

	if (spool_list(spool, service, &ids, why) < 0)
		return -1;
	for (char **id = ids; *id && rc == 0; id++)
		if (is_unfinished(spool, *id, request))
			rc = failure_set(why,
					 "'%s' is being captured already by the same request: '%s'",
					 service, *id);
	spool_list_free(ids);
	return rc;
}

/* Makes and opens the capture's directory. Without a given id it is named by the time, with a number
 * behind it if that name is taken. */
static int
make_capture(const struct spool *spool, const char *service, const struct keyval *facts,
	     struct spool_entry *capture, struct failure *why)
{
	const char *at = keyval_get(facts, "at"), *given = keyval_get(facts, "id");
	time_t now =
	    at ? (time_t)strtoll(at, NULL, 10) : (time_t)(clock_realtime_ns() / NS_PER_SECOND);
	char id[SPOOL_ID_MAX], stamp[SPOOL_ID_TIME + 1];
	struct tm tm;

	strftime(stamp, sizeof(stamp), "%Y%m%d_%H%M%S", gmtime_r(&now, &tm));
	if (given)
		snprintf(id, sizeof(id), "%s", given);
	else
		snprintf(id, sizeof(id), "%s.%s", service, stamp);
	for (unsigned number = 2; mkdirat(spool->dir, id, 0700) < 0; number++) {
		if (given || errno != EEXIST || number > SPOOL_ID_NUMBER_MAX)
			return failure_errno(why, "cannot make '%s/%s'", spool->path, id);
		snprintf(id, sizeof(id), "%s.%s-%u", service, stamp, number);
	}
	return spool_entry_open(capture, spool->dir, spool->path, id, why);
}

static int
fill_capture(struct spool_entry *capture, struct keyval *facts, struct failure *why)
{
	const int64_t now = clock_realtime_ns();
	uint64_t token;

	capture->facts = *facts;
	*facts = KEYVAL_INIT;
	if (getrandom(&token, sizeof(token), 0) != sizeof(token))
		return failure_errno(why, "cannot draw a random number");
	if (keyval_set(&capture->facts, "id", "%s", capture->id) < 0 ||
	    (!keyval_get(&capture->facts, "token") &&
	     keyval_set(&capture->facts, "token", "%016" PRIx64, token) < 0) ||
	    keyval_set(&capture->facts, "created", CLOCK_FORMAT, CLOCK_ARGS(now)) < 0)
		return failure_nomem(why);
	if (flock(capture->dir, LOCK_EX) < 0 || mkdirat(capture->dir, "engines", 0700) < 0)
		return failure_errno(why, "cannot make '%s'", capture->path);
	return spool_entry_set_state(capture, CAPTURE_STARTING, NULL, why);
}

/* Removes a directory and its files, and directories within it down to this depth (0: none).
 * Symbolic links are never followed. */
static int
remove_directory(int dirfd, const char *name, int depth)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int rc = folder ? 0 : -1;

	while (rc == 0 && (entry = readdir(folder))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		rc = unlinkat(fd, entry->d_name, 0);
		if (rc < 0 && errno == EISDIR && depth > 0)
			rc = remove_directory(fd, entry->d_name, depth - 1);
		/* Another process removes the same files. */
		if (rc < 0 && errno == ENOENT)
			rc = 0;
	}
	if (folder)
		closedir(folder);
	else if (fd >= 0)
		close(fd);
	return rc == 0 ? unlinkat(dirfd, name, AT_REMOVEDIR) : -1;
}

/* Of the name that a capture's directory has while its files are removed; such a name is no id. */
#define REMOVED_PREFIX ".removed-"

static int
remove_capture(const struct spool *spool, const char *id)
{
	char name[sizeof(REMOVED_PREFIX) + SPOOL_ID_MAX];

	snprintf(name, sizeof(name), REMOVED_PREFIX "%s", id);
	if (renameat(spool->dir, id, spool->dir, name) < 0 ||
	    (remove_directory(spool->dir, name, 1) < 0 && errno != ENOENT))
		return -1;
	return 0;
}

/* Removes the directories of captures that a killed process was removing. */
static void
remove_leftovers(const struct spool *spool)
{
	int fd = openat(spool->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!folder && fd >= 0)
		close(fd);
	while (folder && (entry = readdir(folder)))
		if (strncmp(entry->d_name, REMOVED_PREFIX, strlen(REMOVED_PREFIX)) == 0)
			remove_directory(spool->dir, entry->d_name, 1);
	if (folder)
		closedir(folder);
}

int
spool_withdraw(const struct spool *spool, struct spool_entry *capture, struct failure *why)
{
	int rc = remove_capture(spool, capture->id);

	if (rc < 0)
		failure_errno(why, "cannot remove '%s'", capture->path);
	spool_entry_close(capture);
	return rc;
}

bool
spool_was_withdrawn(const struct spool_entry *capture)
{
	struct stat here, there;

	return fstat(capture->dir, &here) == 0 &&
	       (stat(capture->path, &there) < 0 ? errno == ENOENT : here.st_ino != there.st_ino);
}

int
spool_create(const struct spool *spool, const char *service, struct keyval *facts,
	     struct spool_entry *capture, struct failure *why)
{
	const char *request = keyval_get(facts, "request");
	int rc = 0;

	*capture = SPOOL_ENTRY_INIT;
	if (flock(spool->dir, LOCK_EX) < 0)
		return failure_errno(why, "cannot lock '%s'", spool->path);
	remove_leftovers(spool);
	/* Whoever chooses the id says that it is another one. */
	if (request && !keyval_get(facts, "id"))
		rc = check_request(spool, service, request, why);
	if (rc == 0)
		rc = make_capture(spool, service, facts, capture, why);
	if (rc == 0 && fill_capture(capture, facts, why) < 0) {
		spool_withdraw(spool, capture, NULL);
		rc = -1;
	}
	flock(spool->dir, LOCK_UN);
	return rc;
}

int
spool_open_entry(struct spool_entry *entry, const char *word, config_variable *variable,
		 struct failure *why)
{
	struct spool spool = SPOOL_INIT;
	int rc = spool_open(&spool, variable, why);

	*entry = SPOOL_ENTRY_INIT;
	if (rc == 0)
		rc = spool_find(&spool, word, entry, why);
	spool_close(&spool);
	return rc;
}

int
spool_open_newest(struct spool_entry *entry, const char *service, config_variable *variable,
		  struct failure *why)
{
	struct spool spool = SPOOL_INIT;
	char **ids = NULL;
	int rc = -1;

	if (spool_open(&spool, variable, why) == 0 && spool_list(&spool, service, &ids, why) == 0)
		rc = *ids ? (spool_find(&spool, *ids, entry, why) < 0 ? -1 : 1) : 0;
	spool_list_free(ids);
	spool_close(&spool);
	return rc;
}

bool
spool_is_running(const struct spool_entry *entry)
{
	return !spool_entry_is_stopping(entry) && spool_entry_is_capturing(entry);
}

int
spool_find_running(char id[SPOOL_ID_MAX], const char *service, config_variable *variable,
		   struct failure *why)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	int rc = spool_open_newest(&entry, service, variable, why);

	id[0] = '\0';
	if (rc <= 0)
		return rc;
	if (spool_is_running(&entry))
		memcpy(id, entry.id, SPOOL_ID_MAX);
	spool_entry_close(&entry);
	return 0;
}
