/*
 * A session that measures an engine's clock again and again: `vcap-host clock` at the other end of vcap-on,
 * asked as vcap-clock asks it (clock_offset.h), over one connection for as long as a stream lasts.
 *
 * Nothing here waits. The caller polls fd, and calls clock_session_serve when it is readable, and at
 * clock_session_due.
 */
#ifndef VCAP_CLOCK_SESSION_H
#define VCAP_CLOCK_SESSION_H

#include "base/failure.h"
#include "base/process.h"
#include "controller/clock_offset.h"

#include <stddef.h>
#include <stdint.h>

struct clock_session {
	struct process child;
	int fd; /* connected to its standard input and output; -1: there is none */
	/* Private. */
	unsigned left;     /* exchanges of the measurement that are not done; 0: none is made */
	int64_t before_ns; /* when the one that is made was begun (clock_realtime_ns) */
	int64_t due_ns;    /* monotonic: the next measurement, or when the answer has to be there */
	struct clock_offset best;
	char line[64];
	size_t used;
};

#define CLOCK_SESSION_INIT ((struct clock_session){.child = PROCESS_INIT, .fd = -1})

/* Starts a session, and the first measurement. -1 with why: it cannot be started; session is
 * CLOCK_SESSION_INIT. */
int clock_session_open(struct clock_session *session, const char *engine, struct failure *why);
/* Ends it, if there is one; session is CLOCK_SESSION_INIT. */
void clock_session_close(struct clock_session *session);

/* When to call clock_session_serve at the latest (monotonic); INT64_MAX: there is no session. */
int64_t clock_session_due(const struct clock_session *session);

enum clock_session_event {
	CLOCK_SESSION_NOTHING,
	CLOCK_SESSION_MEASURED, /* *offset is set */
	CLOCK_SESSION_ENDED,    /* it broke, or the answer is late: clock_session_close */
};

/* Goes on with the measurement: reads what there is, asks what is due. */
enum clock_session_event clock_session_serve(struct clock_session *session,
					     struct clock_offset *offset);

#endif
