/*
 * How a command reaches an engine. Bytes pass; what they mean is not known here.
 */
#ifndef VCAP_TRANSPORT_H
#define VCAP_TRANSPORT_H

#include "controller/engine.h"

/*
 * The arguments that run command (NULL-terminated, at least one word) on the engine: by ssh, by the
 * engine's prefix, or as they are; with sudo and the engine's bin= before the command. Its words
 * arrive there exactly as given, whatever bytes they have. The user's shell on an engine reached by
 * ssh has to be a POSIX one. Heap, for strvec_free; NULL without memory.
 */
char **transport_command(const struct engine *engine, char *const *command);

#endif
