/*
 * A process that judges lines by patterns (base/linepattern.h), for one that reads them: it has no
 * capability, may open nothing, and its memory is bounded. It prints, to standard output, how many lines each
 * pattern has matched (matchcount.h). A pattern's counts are printed again when they have grown, at most ten times a
 * second.
 */
#ifndef VCAP_LINEMATCH_H
#define VCAP_LINEMATCH_H

#include "base/failure.h"
#include "flows/matchcount.h"
#include "flows/pairsource.h"

#include <stddef.h>

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

#endif
