/*
 * The status file of a capture, vcap-spool(5): what it is and how it is doing, replaced as a whole.
 */
#ifndef VCAP_JOURNAL_H
#define VCAP_JOURNAL_H

#include "capture.h"
#include "failure.h"

/* state is "running", or how it ended. Nothing is done for a stream. */
int journal_store(struct capture *capture, const char *state, struct failure *why);

#endif
