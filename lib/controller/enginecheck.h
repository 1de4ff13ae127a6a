/*
 * Checks whether engines can capture. Each is asked for its version, interfaces, privileges and disk
 * (`vcap-host check`), and for its time (vcap-clock), many in parallel.
 */
#ifndef VCAP_ENGINECHECK_H
#define VCAP_ENGINECHECK_H

#include "base/failure.h"
#include "base/keyval.h"
#include "base/strvec.h"
#include "controller/clock_offset.h"
#include "controller/engine.h"

#include <stdbool.h>
#include <stddef.h>

struct enginecheck {
	const struct engine *engine; /* the caller's */
	struct strvec addresses;     /* VIPs: the engine answers which are local */
	struct keyval answer;        /* its answer; empty if it was not reached */
	bool is_reached, is_ready;
	struct clock_offset offset; /* if has_clock */
	bool has_clock;
	struct failure problem; /* why it cannot capture or was not reached; or empty */
};

#define ENGINECHECK_INIT ((struct enginecheck){0})

void enginecheck_release(struct enginecheck *check);

/* Checks them all, at most jobs at a time, and fills in everything after addresses. A problem of
 * one engine is in its entry. -1 with why: the checks themselves could not be run. */
int enginechecks_run(struct enginecheck *list, size_t count, size_t jobs, struct failure *why);

/* The values of all lines with that key in the answer, separated by blanks. Heap; NULL: out of
 * memory. */
char *enginecheck_values(const struct enginecheck *check, const char *key);

#endif
