/*
 * Follows the engines of a capture by a session with each (follow.h), made again when it ends, and
 * keeps their states in the spool (engine_state.h): progress, and the offset of their clocks at the
 * start and the end.
 */
#ifndef VCAP_FOLLOWING_H
#define VCAP_FOLLOWING_H

#include "base/failure.h"
#include "controller/config.h"
#include "controller/follow.h"
#include "controller/spool_entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum following_progress {
	FOLLOWING_UNKNOWN, /* not heard of yet */
	FOLLOWING_RUNNING, /* captures */
	FOLLOWING_UNREACHABLE,
	/* Of a release without sessions, or there is no room here for one: vcap-each asks it. */
	FOLLOWING_PLAIN,
	FOLLOWING_ENDED,   /* its last status is in the spool; its session may be open */
	FOLLOWING_DROPPED, /* not waited for any more */
};

struct followed {
	char *name;
	enum following_progress progress;
	int64_t heard_ns; /* when its last status was asked for (clock_monotonic_ns); 0: never */
	/* From here on private to following.c. */
	struct follow session;
	int64_t open_ns; /* when to make a session */
	int64_t stop_ns; /* when it may be asked to stop again */
	unsigned exchanges, failures;
	bool is_silent;
	char *recorded; /* the status that is in the spool; NULL: another, or none */
	char *last;     /* its last status, while its clock is measured; NULL: not yet */
	char start[CLOCK_OFFSET_TEXT],
	    end[CLOCK_OFFSET_TEXT]; /* of its clock; empty: not measured */
};

struct following {
	struct followed *list;
	size_t count;
	bool is_blind; /* the engines file cannot be read: nobody can be reached */
	/* From here on private to following.c. */
	const struct spool_entry *entry;
	config_variable *variable;
	uint64_t stamp; /* of the engines file that the sessions are by */
	bool has_changed;
};

#define FOLLOWING_INIT ((struct following){0})

/* Begins to follow the participating engines of entry, which has to outlive it. -1 with why: out of
 * memory; following needs no release. */
int following_begin(struct following *following, const struct spool_entry *entry,
		    config_variable *variable, struct failure *why);

/* Ends the session with an engine that is not to be waited for. */
void following_drop(struct followed *engine);

/* Ends the sessions; following is FOLLOWING_INIT. */
void following_release(struct following *following);

enum following_wish { FOLLOWING_STATUS, FOLLOWING_STOP };

/* Sessions are made by the engines file, again when that changes. Asks each engine once in interval_ns and stores what it answers, until the time until_ns
 * (clock_monotonic_ns), or the progress of an engine changes. With FOLLOWING_STOP they are asked to
 * end the capture. A state that cannot be stored is stored later; until then the engine has not
 * ended. -1 with why: out of memory. */
int following_serve(struct following *following, enum following_wish wish, int64_t interval_ns,
		    int64_t until_ns, struct failure *why);

#endif
