/*
 * The vcap-wait that is left behind for a capture: it fetches and merges when the engines are done,
 * in a session of its own, and writes to `log` in the capture's directory.
 */
#ifndef VCAP_WAITPROC_H
#define VCAP_WAITPROC_H

#include "base/failure.h"
#include "controller/spool_entry.h"

/* Leaves one behind. */
int waitproc_start(const struct spool_entry *entry, struct failure *why);

/* Leaves one behind if the capture goes on and nobody works on it: whoever did was killed. */
int waitproc_revive(const struct spool_entry *entry, struct failure *why);

#endif
