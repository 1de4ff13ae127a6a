/*
 * Whether engines could capture: each is asked what it has (vcap-host check) and what time it is
 * (vcap-clock), many at a time.
 */
#ifndef VCAP_CHECKUP_H
#define VCAP_CHECKUP_H

#include "engine.h"
#include "failure.h"
#include "keyval.h"
#include "skew.h"
#include "words.h"

#include <stdbool.h>
#include <stddef.h>

struct checkup {
	const struct engine *engine; /* the caller's */
	struct words addresses;      /* VIPs, of which it is asked whether they are its own */
	struct keyval said;          /* what it answered; empty if it was not reached */
	bool is_reached, is_ready;
	struct skew skew; /* if has_clock */
	bool has_clock;
	struct failure trouble; /* why it cannot capture, or was not reached: what it said last */
};

#define CHECKUP_INIT ((struct checkup){0})

void checkup_release(struct checkup *checkup);

/* Asks all of them, at most jobs at a time. What is wrong with one is in its trouble; -1: it could
 * not go on. */
int checkups_run(struct checkup *list, size_t count, size_t jobs, struct failure *why);

/* The values of all keys of that name in what it said, with blanks between them. Heap; NULL without
 * memory. */
char *checkup_values(const struct checkup *checkup, const char *key);

#endif
