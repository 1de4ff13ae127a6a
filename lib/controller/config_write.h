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

enum config_write_outcome {
	CONFIG_WRITE_FAILED, /* with why */
	CONFIG_WRITE_WRITTEN,
	CONFIG_WRITE_SAME,   /* the file has this text already */
	CONFIG_WRITE_DIFFERS /* the file has another text, and is unchanged */
};

/* Writes text to the file of the service called name (a valid one). A file with another text is
 * replaced only if by_force. *path is the file's path, on the heap; NULL: out of memory. */
enum config_write_outcome config_write_put(const char *name, const char *text, bool by_force,
					   config_variable *variable, char **path,
					   struct failure *why);

/*
 * The name of the engine that is this host: the first with transport `local`; if there is none, the
 * name `local`, added to the engines file if may_write. Unless the user is root, its captures run
 * in the spool, since ENGINE_DIRECTORY belongs to root. Heap. NULL with why: the engines file is
 * malformed or cannot be written, or another host is called `local` in it.
 */
char *config_write_local(bool may_write, config_variable *variable, struct failure *why);

#endif
