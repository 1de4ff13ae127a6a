/*
 * The status file of a capture, vcap-spool(5): what it is and how it is doing, replaced as a whole.
 */
#ifndef VCAP_STATUS_H
#define VCAP_STATUS_H

#include "base/failure.h"
#include "capture/capture.h"

/* state is "running", or how it ended. Nothing is done for a livestream. */
int status_store(struct capture *capture, const char *state, struct failure *why);

#endif
