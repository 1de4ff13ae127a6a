#include "controller/config_write.h"

#include "base/fileio.h"
#include "base/outfile.h"
#include "controller/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
path_of(const char *what, const char *name, config_variable *variable, struct failure *why)
{
	char *directory = config_directory(variable), *path = NULL;

	if (!directory || asprintf(&path, "%s/%s%s", directory, what, name) < 0) {
		failure_nomem(why);
		path = NULL;
	}
	free(directory);
	return path;
}

enum config_write_outcome
config_write_put(const char *name, const char *text, bool by_force, config_variable *variable,
		 char **path, struct failure *why)
{
	struct config_file file = CONFIG_FILE_INIT;
	bool is_there, is_same;

	*path = path_of("services/", name, variable, why);
	if (!*path || fileio_make_parents(*path, 0777, why) < 0)
		return CONFIG_WRITE_FAILED;
	is_there = access(*path, F_OK) == 0;
	is_same = is_there && config_read(&file, *path, NULL) == 0 && strcmp(file.text, text) == 0;
	config_file_release(&file);
	if (is_there && (is_same || !by_force))
		return is_same ? CONFIG_WRITE_SAME : CONFIG_WRITE_DIFFERS;
	return outfile_replace(AT_FDCWD, *path, text, strlen(text), why) < 0 ? CONFIG_WRITE_FAILED
									     : CONFIG_WRITE_WRITTEN;
}

/* The engines file's line for this host. Heap; NULL: out of memory. */
static char *
local_line(config_variable *variable)
{
	char *spool = geteuid() == 0 ? NULL : config_spool(variable), *line = NULL;

	/* The engines file cannot express a blank. */
	if (spool && *spool == '/' && !spool[strcspn(spool, " \t\r\n")]) {
		if (asprintf(&line, "local dir=%s/run local\n", spool) < 0)
			line = NULL;
	} else {
		line = strdup("local local\n");
	}
	free(spool);
	return line;
}

/* Appends the engine `local` to the engines file at path, whose text is this. */
static int
add_local(const char *path, const char *text, config_variable *variable, struct failure *why)
{
	const size_t length = strlen(text);
	char *line = local_line(variable), *all = NULL;
	int rc = -1;

	if (!line || asprintf(&all, "%s%s%s", text, length && text[length - 1] != '\n' ? "\n" : "",
			      line) < 0)
		failure_nomem(why);
	else if (fileio_make_parents(path, 0777, why) == 0)
		rc = outfile_replace(AT_FDCWD, path, all, strlen(all), why);
	free(line);
	free(all);
	return rc;
}

char *
config_write_local(bool may_write, config_variable *variable, struct failure *why)
{
	char *path = path_of("engines", "", variable, why), *name = NULL;
	struct config_file file = CONFIG_FILE_INIT;
	struct engines engines = ENGINES_INIT;
	int rc = path ? 0 : -1;

	if (rc == 0 && access(path, F_OK) == 0)
		rc = config_read(&file, path, why);
	if (rc == 0 && file.text)
		rc = engines_parse(&engines, file.text, path, why);
	for (size_t i = 0; rc == 0 && !name && i < engines.count; i++)
		if (engines.list[i].transport == ENGINE_LOCAL)
			name = strdup(engines.list[i].name);
	if (rc == 0 && !name) {
		if (engines_find(&engines, "local", NULL))
			rc = failure_set(why, "engine 'local' is not this host, which has none");
		else if (may_write)
			rc = add_local(path, file.text ? file.text : "", variable, why);
		if (rc == 0)
			name = strdup("local");
	}
	engines_release(&engines);
	config_file_release(&file);
	free(path);
	return name;
}
