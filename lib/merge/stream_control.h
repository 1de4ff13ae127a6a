/*
 * The streams of a live merge that follow each other: an input whose stream has ended goes on from another
 * one, its clock is corrected anew, both as whoever runs the merge says (base/mergecontrol.h).
 *
 * Without a socket (fd -1) all of it does nothing.
 */
#ifndef VCAP_STREAM_CONTROL_H
#define VCAP_STREAM_CONTROL_H

#include "base/failure.h"
#include "merge/inputs.h"
#include "merge/merge.h"

struct stream_control {
	int fd; /* set first; the caller's, but closed once its other end is */
	/* Private. */
	const struct inputs *inputs;
	struct merge *merge;
	struct stream_succession *list; /* by input; heap */
};

#define STREAM_CONTROL_INIT ((struct stream_control){.fd = -1})

/* Has all inputs, opened live, wait at their ends for another stream. -1: out of memory. */
int stream_control_watch(struct stream_control *control, const struct inputs *inputs,
			 struct merge *merge, struct failure *why);

/* Closes the streams that have not been begun, and frees what was allocated. */
void stream_control_release(struct stream_control *control);

/* Applies what has been said, once poll() reports fd readable. -1: out of memory. */
int stream_control_receive(struct stream_control *control, struct failure *why);

/* Begins the streams that can be, tells which have begun and which are no captures, and reports each outage that is over, in a
 * line. Call after the merge has yielded SOURCE_LATER. report may be NULL. */
void stream_control_proceed(struct stream_control *control, void (*report)(const char *line));

/* Tells which were no captures, once the merge has ended. */
void stream_control_end(const struct stream_control *control);

#endif
