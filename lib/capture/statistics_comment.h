/*
 * The comment of the interface statistics that vcap-run writes (vcap-run(1)): a line per fact.
 */
#ifndef VCAP_STATISTICS_COMMENT_H
#define VCAP_STATISTICS_COMMENT_H

#include <stdint.h>

/* What there is to say; the strings are borrowed. */
struct statistics_facts {
	int64_t core;    /* -1: of a stream, of no core */
	const char *end; /* why these are the last ones; NULL: they are not, and no more is said */
	int64_t clock_step; /* ns by which the clock was set meanwhile */
	const char *filter; /* lines of the filter command; NULL: none */
	const char *lost;   /* lines of what the host lost (losses.h); NULL: nothing */
	const char *always; /* lines that no end has to come for; NULL: none */
};

/* Heap, the caller's; NULL: out of memory. */
char *statistics_comment(const struct statistics_facts *facts);

#endif
