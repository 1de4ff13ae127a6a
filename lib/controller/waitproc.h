/*
 * The detached vcap-wait of a capture: it fetches and merges when the engines are done, in a session
 * of its own, and writes to `log` in the capture's directory.
 */
#ifndef VCAP_WAITPROC_H
#define VCAP_WAITPROC_H

#include "base/failure.h"
#include "controller/spool_entry.h"

/* Starts one. -1: the log or the process could not be made; the capture is unchanged. */
int waitproc_start(const struct spool_entry *entry, struct failure *why);

/* Starts one if the capture is unfinished and no process holds its lock: the last one was killed. */
int waitproc_revive(const struct spool_entry *entry, struct failure *why);

#endif
