/*
 * Writes the configuration: service files, and the line of the engine that is this host. The
 * environment is a parameter, as in config.h. Missing directories are created. Files are replaced
 * as a whole or not at all.
 */
#ifndef VCAP_CONFIG_WRITE_H
#define VCAP_CONFIG_WRITE_H

#include "base/failure.h"
#include "controller/config.h"

#include <stdbool.h>

/*
 * A service file that was imported ends its imported part with a line
 *
 *	# imported until here (HASH): vcap import -w keeps the lines below
 *
 * whose hash is that of the lines from `# service NAME` on. Lines before and behind the part are
 * people's, and are kept.
 */
enum config_write_action {
	CONFIG_WRITE_PRINT, /* the text, to standard output; the file is not looked at */
	CONFIG_WRITE_COMPARE, /* what CONFIG_WRITE_FILE would change, to standard output, by diff(1) */
	CONFIG_WRITE_FILE,
};

enum config_write_outcome {
	CONFIG_WRITE_FAILED, /* with why */
	CONFIG_WRITE_DONE,   /* also if nothing is to be changed */
	CONFIG_WRITE_DIFFERS /* the imported part was edited, or is not marked: unchanged */
};

/* Does so with text, which has to be that of a service file, for the file of the service called name
 * (a valid one). from is a line that the imported part ends with, unless people's lines have one with that
 * keyword, since a file may have but one; NULL: none. What people edited is replaced only if by_force. *path
 * is the file's path, on the heap; NULL: out of memory. */
enum config_write_outcome config_write_put(const char *name, const char *text, const char *from,
					   enum config_write_action action, bool by_force,
					   config_variable *variable, char **path,
					   struct failure *why);

/* Adds a line to the engines file for each of these names (NULL-ended; NULL: none) that it lacks: the node of
 * that name, by libexec/vcap/vcap-kubectl. -1 with why: the file is malformed or cannot be written. */
int config_write_nodes(char *const *names, config_variable *variable, struct failure *why);

/*
 * The name of the engine that is this host: the first with transport `local`; if there is none, the
 * name `local`, added to the engines file if may_write. Unless the user is root, its captures run
 * in the spool, since ENGINE_DIRECTORY belongs to root. Heap. NULL with why: the engines file is
 * malformed or cannot be written, or another host is called `local` in it.
 */
char *config_write_local(bool may_write, config_variable *variable, struct failure *why);

#endif
