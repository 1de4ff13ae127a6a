/*
 * Whether engines could capture: each is asked what it has (vcap-host check) and what time it is
 * (vcap-clock), many at a time.
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
	struct strvec addresses;     /* VIPs, of which it is asked whether they are its own */
	struct keyval said;          /* what it answered; empty if it was not reached */
	bool is_reached, is_ready;
	struct clock_offset offset; /* if has_clock */
	bool has_clock;
	struct failure trouble; /* why it cannot capture, or was not reached: what it said last */
};

#define ENGINECHECK_INIT ((struct enginecheck){0})

void enginecheck_release(struct enginecheck *check);

/* Asks all of them, at most jobs at a time. What is wrong with one is in its trouble; -1: it could
 * not go on. */
int enginechecks_run(struct enginecheck *list, size_t count, size_t jobs, struct failure *why);

/* The values of all keys of that name in what it said, with blanks between them. Heap; NULL without
 * memory. */
char *enginecheck_values(const struct enginecheck *check, const char *key);

#endif
