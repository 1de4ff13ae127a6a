/*
 * A process that judges lines by patterns (base/linepattern.h), for one that reads them: it has no
 * capability, may open nothing, and its memory is bounded. It prints, to standard output, how many lines each
 * pattern has matched, and nothing of what these say:
 *
 *	# lines from here on
 *	1 12 0
 *
 * the number of the pattern, from 1; how many lines have matched it; and on how many it came to a limit, which
 * are no matches. A pattern's counts are printed again when they have grown, at most ten times a second.
 */
#ifndef VCAP_LINEMATCH_H
#define VCAP_LINEMATCH_H

#include "base/failure.h"
#include "flows/pairsource.h"

#include <stddef.h>
#include <stdint.h>

#define LINEMATCH_MOST 8 /* patterns */

struct linematch {
	int lines;   /* to write lines to; polls POLLERR when the process has ended */
	int answers; /* it says here why it cannot begin, and that it has ended well */
};

/* Starts the process, which compiles the patterns; before this one confines itself. Ignores SIGPIPE from now
 * on. -1 with why: a pattern is malformed, there are too many, or there can be no process. */
int linematch_start(struct linematch *match, char *const *patterns, size_t count,
		    struct failure *why);

/*
 * Has the process print its first line, and hands it the lines of the source, whose context is match, waiting
 * while it is busy; up to its end, or until
 * nobody reads the counts; notes are told. Then ends the process, when it has judged what it was handed. -1
 * with why: the source cannot go on, or the process has failed.
 */
int linematch_serve(struct linematch *match, struct pairsource *source, pairsource_tell *tell,
		    struct failure *why);

/* Parses a line that it has printed: 1; 0: it is a comment; -1: it is neither. number is 1 to
 * LINEMATCH_MOST. Pure. */
int linematch_parse(const char *line, unsigned *number, uint64_t *matches, uint64_t *limited);

#endif
