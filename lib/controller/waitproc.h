/*
 * The detached vcap-wait of a capture: a process in a session of its own that fetches and merges
 * when the engines have ended, and goes on until the capture is complete or its patience is over. Its output goes to `log` in the capture's directory.
 */
#ifndef VCAP_WAITPROC_H
#define VCAP_WAITPROC_H

#include "base/failure.h"
#include "controller/spool_entry.h"

/* Starts one. -1 with why: the log could not be opened or the process not started; the capture is
 * unchanged. */
int waitproc_start(const struct spool_entry *entry, struct failure *why);

/* Starts one if the capture is unfinished, not given up, and no process holds its lock, because the
 * last vcap-wait was killed. -1 as waitproc_start. */
int waitproc_revive(const struct spool_entry *entry, struct failure *why);

#endif
