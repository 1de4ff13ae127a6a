/*
 * Remains: captures that lie on engines, as vcap-host tells them in its list and in its answer to
 * `check` (capture/runlist.h), and what this spool knows of each. A region is not asked: what it has
 * is in a spool of its own.
 */
#ifndef VCAP_REMAINS_H
#define VCAP_REMAINS_H

#include "base/failure.h"
#include "base/keyval.h"
#include "base/strvec.h"
#include "base/table.h"
#include "controller/config.h"
#include "controller/engine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum remain_known {
	REMAIN_UNKNOWN, /* not in this spool, or by its token another capture */
	REMAIN_BUSY,    /* in it, and not over: it is fetched in time */
	REMAIN_HELD,    /* over, and `vcap wait` fetches or removes it (leftover_is_held) */
	REMAIN_COPY,    /* over, and of no more use */
};

struct remain {
	const struct engine *engine;
	char *name; /* of the directory there */
	char *id; /* the part before the engine's name, or else as name; what the spool calls it */
	bool is_named; /* as a controller names it: id is an id */
	char *token;   /* "-": none */
	char *state;
	char *by; /* who started it; "-": not known */
	uint64_t bytes;
	int64_t expires_ns; /* since 1970; 0: not yet known */
	enum remain_known known;
};

struct remains {
	const struct engines *engines; /* the caller's */
	struct remain *list;
	size_t count;
};

/* Frees the list, which is empty afterwards; engines stay. */
void remains_release(struct remains *remains);

/* Adds the captures in the values of this key of the engine's answer. Lines that are none, and
 * captures of another engine with the same directory, are passed over. -1: out of memory. */
int remains_add(struct remains *remains, const struct engine *engine, const struct keyval *answer,
		const char *key, struct failure *why);

/*
 * Asks these engines (NULL-ended names; NULL: all) and adds what they have. Appends to remarks a line
 * for each engine that did not tell, for a region that is named, and what one says besides. Returns
 * how many of *asked engines did not tell; -1 with why: no engine could be asked.
 */
int remains_ask(struct remains *remains, char *const *names, size_t *asked, struct strvec *remarks,
		struct failure *why);

/* Appends to remarks the lines of an engine's standard error that tell of removed captures. */
void remains_removed(const char *engine, const char *errors, struct strvec *remarks);

/* Looks all up in the user's spool, and sorts them, the newest capture first. */
void remains_look_up(struct remains *remains, config_variable *variable);

/* Appends to remarks a line for each capture that a controller has made and that this spool does not
 * work on, and how to fetch or remove it; for each engine at most max. */
void remains_tell(const struct remains *remains, size_t max, struct strvec *remarks);

/* The table of all. The caller frees it. NULL with why: out of memory. */
struct table *remains_table(const struct remains *remains, enum table_form form,
			    struct failure *why);

#endif
