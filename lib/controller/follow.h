/*
 * A session with an engine about one capture there: `vcap-host follow` (base/followreply.h) at the
 * other end of the engine's transport. It is asked as often as is wanted, over one connection, and
 * each answer measures the engine's clock.
 *
 * Nothing here waits. The caller polls fd and child.handle, and calls follow_read when one of them
 * is readable.
 */
#ifndef VCAP_FOLLOW_H
#define VCAP_FOLLOW_H

#include "base/answer.h"
#include "base/failure.h"
#include "base/process.h"
#include "controller/clock_offset.h"
#include "controller/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum follow_request { FOLLOW_NONE, FOLLOW_CLOCK, FOLLOW_STATUS, FOLLOW_STOP, FOLLOW_REMOVE };

enum follow_event {
	FOLLOW_NOTHING,  /* no whole answer yet */
	FOLLOW_TIMED,    /* the answer to FOLLOW_CLOCK */
	FOLLOW_ANSWERED, /* text has the lines of the status; of FOLLOW_REMOVE none: it is removed */
	FOLLOW_REFUSED,  /* text says why there is no status */
	FOLLOW_ENDED,    /* the session is over: follow_close */
};

struct follow {
	struct process child;
	int fd;                     /* connected to its standard input and output; -1: no session */
	bool has_answered;          /* at least once */
	enum follow_request asked;  /* what has not been answered yet */
	int64_t asked_ns;           /* when (clock_monotonic_ns) */
	struct clock_offset offset; /* the best of all answers; a new session begins anew */
	const char *text;           /* of the last answer, until the next request; owned */
	/* From here on private to follow.c. */
	char **told; /* the command as vcap-on would be told it, for reason.h */
	int said;    /* its standard error */
	char mark[ANSWER_MARK];
	size_t mark_length;
	char *buffer;
	size_t used, size;
	bool has_mark, has_time, is_broken;
	int64_t before_ns; /* when it was asked (clock_realtime_ns) */
};

#define FOLLOW_INIT ((struct follow){.child = PROCESS_INIT, .fd = -1, .said = -1})

/* Starts a session about the capture in directory, with this token (NULL: none). It can be asked at
 * once. -1 with why: the command could not be started; follow is FOLLOW_INIT. */
int follow_open(struct follow *follow, const struct engine *engine, const char *directory,
		const char *token, struct failure *why);

/* Sends a request; the last one must have been answered. If that fails the session is about to
 * end. */
void follow_ask(struct follow *follow, enum follow_request request);

/* Reads what there is. */
enum follow_event follow_read(struct follow *follow);

/* How a session has ended. */
struct follow_end {
	int status;      /* exit status of the command, or of what was to reach it */
	bool is_unknown; /* the engine does not know such sessions: it can be asked plainly */
	char *said;      /* what was written to standard error: heap, may be NULL */
	char *reason;    /* in one line (reason.h): heap, may be NULL */
};

/* Ends the session; follow is FOLLOW_INIT. end may be NULL. */
void follow_close(struct follow *follow, struct follow_end *end);

#endif
