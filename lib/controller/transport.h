/*
 * Turns a command for an engine into a command to run here, by the engine's transport.
 */
#ifndef VCAP_TRANSPORT_H
#define VCAP_TRANSPORT_H

#include "controller/engine.h"

/*
 * The arguments that run command (NULL-ended, at least one word) on the engine: through ssh, with
 * the engine's prefix, or as they are; preceded by sudo and the engine's bin=. The words arrive
 * exactly as given, whatever bytes they contain. With ssh, the connection is that of sshmux.h if there is one. Through ssh the user's shell there has to be a
 * POSIX one. Heap, for strvec_free; NULL: out of memory.
 */
char **transport_command(const struct engine *engine, char *const *command);

#endif
