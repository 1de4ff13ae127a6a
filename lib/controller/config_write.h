/*
 * Writing what vcap is configured with: service files, and the engine that is this host. The
 * environment is the caller's to hand in, as in config.h. Directories are made as needed.
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

/* Makes text the file of a service; one that differs is replaced only by force. *path is its path:
 * heap, the caller's; NULL without memory. */
enum config_write_outcome config_write_put(const char *name, const char *text, bool by_force,
					   config_variable *variable, char **path,
					   struct failure *why);

/*
 * The name of the engine that is this host: the first with the transport `local`, or else `local`,
 * which with may_write is added to the engines file. For an ordinary user its captures run in the
 * spool, as ENGINE_DIRECTORY is root's. Heap; NULL: the engines file is malformed or cannot be
 * written, or `local` is another host's name in it.
 */
char *config_write_local(bool may_write, config_variable *variable, struct failure *why);

#endif
