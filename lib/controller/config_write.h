/*
 * Writes to the configuration: service files, and the line of the engine that is this host. The
 * environment is a parameter, as in config.h. Directories are made as needed.
 */
#ifndef VCAP_CONFIG_WRITE_H
#define VCAP_CONFIG_WRITE_H

#include "base/failure.h"
#include "controller/config.h"

#include <stdbool.h>

enum config_write_outcome {
	CONFIG_WRITE_FAILED,
	CONFIG_WRITE_WRITTEN,
	CONFIG_WRITE_SAME,
	CONFIG_WRITE_DIFFERS
};

/* Writes text to the file of a service. A file with another text is replaced only if by_force. *path
 * is the file's path: heap, the caller's; NULL: out of memory. */
enum config_write_outcome config_write_put(const char *name, const char *text, bool by_force,
					   config_variable *variable, char **path,
					   struct failure *why);

/*
 * The name of the engine that is this host: the first with the transport `local`, or `local`, which
 * is added to the engines file if may_write. For users other than root its captures run in the spool,
 * as ENGINE_DIRECTORY belongs to root. Heap. NULL with why: the engines file is malformed or cannot be
 * written, or another host is called `local` in it.
 */
char *config_write_local(bool may_write, config_variable *variable, struct failure *why);

#endif
