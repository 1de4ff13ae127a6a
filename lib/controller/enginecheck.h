/*
 * Checks whether engines can capture: version, interfaces, privileges and disk by `vcap-host
 * check`, clock offset by vcap-clock, many engines in parallel.
 */
#ifndef VCAP_ENGINECHECK_H
#define VCAP_ENGINECHECK_H

#include "base/failure.h"
#include "base/keyval.h"
#include "base/strvec.h"
#include "controller/clock_offset.h"
#include "controller/engine.h"
#include "controller/remedy.h"
#include "filter/service.h"

#include <stdbool.h>
#include <stddef.h>

struct enginecheck {
	const struct engine *engine; /* the caller's */
	struct strvec addresses;     /* VIPs, of which the engine tells the local ones */
	struct keyval answer;        /* its answer; empty if it was not reached */
	bool is_reached, is_ready;
	enum remedy_reach reach;    /* why not, unless it was reached */
	struct clock_offset offset; /* if has_clock */
	bool has_clock;
	struct strvec removed;  /* captures that it has removed there: a line for each */
	struct keyval losses;   /* what it has lost within a second; empty: nothing, or not known */
	struct failure remark;  /* what its login shell prints before an answer; empty: nothing */
	struct failure problem; /* why it cannot capture or was not reached; empty: it can */
};

#define ENGINECHECK_INIT ((struct enginecheck){0})

/* Appends the addresses of a service's VIPs, of a range the first, each once. */
void enginecheck_add_vips(struct strvec *addresses, const struct service *service);

/* Frees what it holds; check is ENGINECHECK_INIT afterwards. */
void enginecheck_release(struct enginecheck *check);

/* Checks all engines of the list, at most jobs (1 or more) at a time, and fills in everything after
 * addresses. A failure of one engine is in its problem. -1 with why: commands could not be run
 * here. */
int enginechecks_run(struct enginecheck *list, size_t count, size_t jobs, struct failure *why);

/* Has each that is ready capture for a moment, to show that its rings can be opened; one that cannot is
 * no longer ready, and its problem is why. One of a release that does not know of it is left as it is. After
 * enginechecks_run, with its parameters and result. */
int enginechecks_try(struct enginecheck *list, size_t count, size_t jobs, struct failure *why);

/* Asks each that was reached what it loses right now, which takes it a second; one that cannot say gets a
 * remark. Regions are not asked. After enginechecks_run, with its parameters and result. */
int enginechecks_losses(struct enginecheck *list, size_t count, size_t jobs, struct failure *why);

/* Appends to remarks what is left on the engines that this spool does not work on, and what they have
 * removed (remains.h); known are all engines. */
void enginechecks_remains(const struct enginecheck *list, size_t count, const struct engines *known,
			  config_variable *variable, struct strvec *remarks);

/* The values of all lines with this key in the answer, separated by blanks. Heap; NULL: out of
 * memory. */
char *enginecheck_values(const struct enginecheck *check, const char *key);

#endif
