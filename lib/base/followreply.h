/*
 * The far end of a controller's session about one capture (`vcap-host follow`): answers each line of
 * its input, as soon as it is received.
 *
 * A line is a request: empty for the status, `stop` to end the capture and print its status without
 * waiting for that end, `remove` to remove it, `clock` for the time alone. The answer is the line `time
 * SECONDS.NANOSECONDS`, when the request was read, then the status as lines `key value`, or
 * `failed REASON` if there is none, and an empty line.
 */
#ifndef VCAP_FOLLOWREPLY_H
#define VCAP_FOLLOWREPLY_H

#include "base/failure.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum followreply_request { FOLLOWREPLY_STATUS, FOLLOWREPLY_STOP, FOLLOWREPLY_REMOVE };

/* Does what is requested of the capture and prints its status, if it has one still, to out. -1 with
 * why: nothing counts that was printed. */
typedef int followreply_capture(enum followreply_request request, void *context, FILE *out,
				struct failure *why);

/* Whether the capture is there no more. */
typedef bool followreply_gone(void *context);

#define FOLLOWREPLY_IDLE_NS INT64_C(600000000000)
#define FOLLOWREPLY_GONE_NS INT64_C(5000000000)

/* Answers the lines of in on out until in ends, or has been silent for FOLLOWREPLY_IDLE_NS, as when
 * the controller's host is gone without a word, or after FOLLOWREPLY_GONE_NS of silence the capture is
 * gone (is_gone NULL: is not looked at). -1 with why: out cannot be written, or out of memory. */
int followreply_run(int in, int out, followreply_capture *capture, followreply_gone *is_gone,
		    void *context, struct failure *why);

#endif
