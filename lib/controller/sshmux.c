/*
 * The name of a socket may have 108 bytes (unix(7)), and ssh makes it under a name that is 17 bytes
 * longer; so the directory's is short. A socket is of one engine, not of one host: two engines may
 * be one host reached by two keys, whose rights there differ.
 *
 * Whoever can connect to a socket can do there what the user can, so its directory is that user's
 * alone, and is looked at each time: the place it lies in may be everybody's.
 */
#include "controller/sshmux.h"

#include "base/clock.h"
#include "base/process.h"
#include "base/strvec.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VARIABLE    "VCAP_SSH_SOCKETS"
#define FACT        "sockets"
#define SOCKET_MOST 90 /* bytes of a path */
#define EXIT_NS     (2 * NS_PER_SECOND)

/* Whether ssh takes the path as it is: it has tokens that begin with '%', blanks separate. */
static bool
is_plain(const char *path)
{
	if (*path != '/')
		return false;
	for (; *path; path++)
		if (!isalnum((unsigned char)*path) && !strchr("/._-", *path))
			return false;
	return true;
}

static bool
is_private(const char *path)
{
	struct stat st;

	return is_plain(path) && lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	       st.st_uid == geteuid() && (st.st_mode & 077) == 0;
}

static bool
has_ssh(const struct spool_entry *entry, config_variable *variable)
{
	struct strvec names = spool_entry_engines(entry);
	struct engines engines = ENGINES_INIT;
	bool found = false;

	if (engines_load(&engines, variable, NULL) == 0)
		for (size_t i = 0; i < names.count && !found; i++) {
			const struct engine *engine = engines_find(&engines, names.list[i], NULL);

			found = engine && engine->transport == ENGINE_SSH;
		}
	engines_release(&engines);
	strvec_release(&names);
	return found;
}

/* Makes a directory in the first place that takes one. */
static bool
make(config_variable *variable, char path[SOCKET_MOST])
{
	const char *const places[] = {variable("XDG_RUNTIME_DIR"), "/run", "/tmp"};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (!places[i] || !is_plain(places[i]) ||
		    snprintf(path, SOCKET_MOST, "%s/vcap-XXXXXX", places[i]) >= SOCKET_MOST)
			continue;
		if (mkdtemp(path))
			return true;
	}
	return false;
}

int
sshmux_make(struct spool_entry *entry, config_variable *variable, struct failure *why)
{
	const char *made = keyval_get(&entry->facts, FACT);
	char path[SOCKET_MOST];

	if ((made && is_private(made)) || !has_ssh(entry, variable) || !make(variable, path))
		return 0;
	if (keyval_set(&entry->facts, FACT, "%s", path) == 0) {
		if (spool_entry_store(entry, why) == 0)
			return 0;
	} else {
		failure_nomem(why);
	}
	rmdir(path);
	return -1;
}

void
sshmux_use(const struct spool_entry *entry)
{
	const char *path = keyval_get(&entry->facts, FACT);

	if (path && is_private(path))
		setenv(VARIABLE, path, 1);
	else
		unsetenv(VARIABLE);
}

char *
sshmux_socket(const struct engine *engine)
{
	const char *directory = getenv(VARIABLE);
	char *path;

	if (!directory || engine->transport != ENGINE_SSH || !is_private(directory) ||
	    asprintf(&path, "%s/%s", directory, engine->name) < 0)
		return NULL;
	if (strlen(path) <= SOCKET_MOST)
		return path;
	free(path);
	return NULL;
}

bool
sshmux_is_used(const struct engine *engine)
{
	char *socket = sshmux_socket(engine);
	const bool is_used = socket;

	free(socket);
	return is_used;
}

void
sshmux_drop(const char *name)
{
	const char *directory = getenv(VARIABLE);
	char path[SOCKET_MOST + 1];

	if (directory && is_private(directory) &&
	    snprintf(path, sizeof(path), "%s/%s", directory, name) < (int)sizeof(path))
		unlink(path);
}

/* Asks the processes behind the sockets to end, all at the same time. */
static void
end_connections(const char *directory)
{
	DIR *entries = opendir(directory);
	struct strvec paths = STRVEC_INIT;
	struct process *children;

	for (struct dirent *file; entries && (file = readdir(entries));)
		if (*file->d_name != '.')
			strvec_pushf(&paths, "%s/%s", directory, file->d_name);
	if (entries)
		closedir(entries);
	children = calloc(paths.count + 1, sizeof(*children));
	for (size_t i = 0; i < paths.count && children; i++) {
		char *const argv[] = {"ssh",         "-q", "-F",   "none",   "-S",
				      paths.list[i], "-O", "exit", "engine", NULL};

		children[i] = PROCESS_INIT;
		process_start(&children[i], argv, -1, -1, -1, NULL);
	}
	for (size_t i = 0; i < paths.count; i++) {
		if (children && children[i].handle >= 0)
			process_wait(&children[i], EXIT_NS);
		unlink(paths.list[i]);
	}
	free(children);
	strvec_release(&paths);
}

void
sshmux_end(struct spool_entry *entry)
{
	const char *made = keyval_get(&entry->facts, FACT);
	char *directory = made ? strdup(made) : NULL;

	if (directory && is_private(directory)) {
		end_connections(directory);
		rmdir(directory);
	}
	unsetenv(VARIABLE);
	if (directory)
		spool_entry_clear(entry, FACT, directory);
	free(directory);
}
