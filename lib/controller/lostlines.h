/*
 * What an engine has lost (packet/loss.h), as its lines `lost-N` say, in words.
 */
#ifndef VCAP_LOSTLINES_H
#define VCAP_LOSTLINES_H

#include "base/keyval.h"
#include "base/strvec.h"
#include "packet/loss.h"

/* Which of them. */
enum lostlines {
	LOSTLINES_ALL,
	LOSTLINES_OF_SERVICES, /* without those of interfaces and processors, which most hosts have */
};

/* Appends prefix and the words for each; lines that are not of that form, and those beyond 64, are left
 * out. lines->failed: out of memory. */
void lostlines_add(const struct keyval *state, enum lostlines which, const char *prefix,
		   struct strvec *lines);

/* Adds the counts of each kind, of all places, to sums. */
void lostlines_sum(const struct keyval *state, uint64_t sums[LOSS_KINDS]);

#endif
