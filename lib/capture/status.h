/*
 * The status file of a capture (vcap-spool(5)): its parameters, counts and state, replaced as a
 * whole each time.
 */
#ifndef VCAP_STATUS_H
#define VCAP_STATUS_H

#include "base/failure.h"
#include "capture/state.h"

/* Writes the file. state is "running", "done" or "partial". Does nothing for a stream. On
 * failure the previous file stays. */
int status_store(struct capture *capture, const char *state, struct failure *why);

#endif
