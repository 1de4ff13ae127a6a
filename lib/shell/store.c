#include "shell/store.h"

#include "controller/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A path in the spool, on the heap; creates the spool. Both the directory of captures and its
 * parent must belong to the user and not be writable for others. */
static char *
path_in_spool(const char *name, config_variable *variable, struct failure *why)
{
	struct spool spool = SPOOL_INIT;
	char *base = config_spool(variable), *path = NULL;
	int dir = -1;

	if (base && spool_open(&spool, variable, why) == 0)
		dir = spool_entry_open_directory(AT_FDCWD, base, why);
	if (dir >= 0 && asprintf(&path, "%s/%s", base, name) < 0) {
		path = NULL;
		failure_nomem(why);
	}
	if (!base)
		failure_nomem(why);
	if (dir >= 0)
		close(dir);
	spool_close(&spool);
	free(base);
	return path;
}

static int
open_directory(config_variable *variable, struct failure *why)
{
	char *path = path_in_spool("debug", variable, why);
	int dir = -1;

	if (path && mkdir(path, 0700) < 0 && errno != EEXIST)
		failure_errno(why, "cannot make '%s'", path);
	else if (path)
		dir = spool_entry_open_directory(AT_FDCWD, path, why);
	free(path);
	return dir;
}

int
store_load(struct settings *settings, const char *service, config_variable *variable,
	   struct failure *why)
{
	struct keyval facts = KEYVAL_INIT;
	struct failure detail = FAILURE_INIT;
	int dir = open_directory(variable, why), rc;

	*settings = SETTINGS_INIT;
	if (dir < 0)
		return -1;
	rc = keyval_load(&facts, dir, service, &detail);
	if (rc < 0 && errno == ENOENT)
		rc = 0;
	else if (rc == 0)
		rc = settings_recall(settings, &facts, &detail);
	if (rc < 0)
		failure_set(why, "cannot read the settings of '%s': %s", service, detail.text);
	keyval_release(&facts);
	close(dir);
	return rc;
}

int
store_save(const struct settings *settings, const char *service, config_variable *variable,
	   struct failure *why)
{
	struct keyval facts = KEYVAL_INIT;
	int dir = open_directory(variable, why), rc;

	if (dir < 0)
		return -1;
	rc = settings_facts(settings, &facts, why);
	if (rc == 0)
		rc = keyval_store(&facts, dir, service, why);
	keyval_release(&facts);
	close(dir);
	return rc;
}

char *
store_history(config_variable *variable, struct failure *why)
{
	return path_in_spool("history", variable, why);
}
