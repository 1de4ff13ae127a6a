/*
 * One ssh connection with each engine of a capture, shared by all commands about it (ssh_config(5),
 * ControlMaster). The first command makes it; it ends with the capture, or a minute after its last
 * command. Its socket is DIRECTORY/ENGINE, DIRECTORY being the fact `sockets` of the capture.
 *
 * Without a socket, or if sshd refuses another session on the connection, ssh makes one of its own
 * for that command.
 */
#ifndef VCAP_SSHMUX_H
#define VCAP_SSHMUX_H

#include "base/failure.h"
#include "controller/config.h"
#include "controller/engine.h"
#include "controller/spool_entry.h"

#include <stdbool.h>

/* Makes the directory, if the capture has an engine that is reached by ssh and has none yet, and
 * stores the fact. No place for it is no failure. -1 with why: the facts could not be stored. */
int sshmux_make(struct spool_entry *entry, config_variable *variable, struct failure *why);

/* Has the commands that this process runs, and their children, use the capture's sockets: sets the
 * environment variable VCAP_SSH_SOCKETS, or removes it if the directory is not there, is not this
 * user's or others may use it. */
void sshmux_use(const struct spool_entry *entry);

/* The socket for the engine by that variable. Heap; NULL: there is none. */
char *sshmux_socket(const struct engine *engine);

/* Whether there is one. */
bool sshmux_is_used(const struct engine *engine);

/* Gives up a connection that has not answered: the next command makes a new one. */
void sshmux_drop(const char *name);

/* Ends the connections, and removes the directory and the fact, without storing the facts. */
void sshmux_end(struct spool_entry *entry);

#endif
