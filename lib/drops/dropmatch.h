/*
 * The rules by which the kernel's program (dropevent.h) finds the packets of a filter among all that
 * are dropped: prefixes of addresses, each with the groups of endpoints it belongs to. They let all
 * packets of the filter through, and some more: judge those again. Pure.
 */
#ifndef VCAP_DROPMATCH_H
#define VCAP_DROPMATCH_H

#include "base/failure.h"
#include "drops/dropevent.h"
#include "filter/filter.h"

#include <stddef.h>
#include <stdint.h>

struct dropmatch_entry {
	struct dropevent_prefix prefix;
	uint64_t groups; /* bits of groups, and DROPEVENT_IN_SET */
};

struct dropmatch {
	struct dropmatch_entry *list; /* heap, owned; no prefix is part of another */
	size_t count;
	struct {
		uint32_t first, last; /* TUPLE_KEYs, both included */
	} groups[DROPEVENT_GROUPS];
	unsigned group_count;
	uint64_t whole; /* bits of groups of which packets need no address of the set */
};

#define DROPMATCH_INIT ((struct dropmatch){0})

/* Frees the list; match is DROPMATCH_INIT afterwards. */
void dropmatch_release(struct dropmatch *match);

/* Fills *match, which is DROPMATCH_INIT, for a filter with a service and without exclude. On failure
 * release it. */
int dropmatch_make(struct dropmatch *match, const struct filter *filter, struct failure *why);

#endif
