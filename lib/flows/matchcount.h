/*
 * What a process that judges lines by patterns (linematch.h) prints: how many lines each pattern has matched, and
 * nothing of what these say:
 *
 *	# lines from here on
 *	1 12 0
 *
 * the number of the pattern, from 1; how many lines have matched it; and on how many it came to a limit, which
 * are no matches. It can be read without the library that searches.
 */
#ifndef VCAP_MATCHCOUNT_H
#define VCAP_MATCHCOUNT_H

#include <stdint.h>

#define MATCHCOUNT_MOST 8 /* patterns */

/* Parses such a line: 1; 0: it is a comment; -1: it is neither. number is 1 to MATCHCOUNT_MOST. Pure. */
int matchcount_parse(const char *line, unsigned *number, uint64_t *matches, uint64_t *limited);

#endif
