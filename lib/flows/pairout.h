/*
 * Where vcap-flows prints pairs: standard output, as long as somebody reads it, and a file that keeps
 * them, if one is wanted, within bounds.
 */
#ifndef VCAP_PAIROUT_H
#define VCAP_PAIROUT_H

#include "base/failure.h"
#include "flows/connpair.h"
#include "flows/pairsource.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PAIROUT_FD   3                 /* the file that keeps them, open for writing */
#define PAIROUT_MOST ((off_t)32 << 20) /* bytes of it, but for the last lines of a read */

struct pairout {
	FILE *printed;      /* standard output, the caller's; NULL: nobody reads it any more */
	FILE *kept;         /* NULL: no file, or it is full */
	uint64_t reserve;   /* bytes that stay free on its disk */
	FILE *other;        /* of a ring: the file that was kept before, and is next */
	int64_t rolling_ns; /* how long each keeps pairs by turns; 0: it is no ring */
	int64_t begun_ns;   /* when kept was begun (CLOCK_BOOTTIME) */
	bool was_current;   /* private to pairout_pass */
};

#define PAIROUT_INIT ((struct pairout){.printed = stdout})

/*
 * Keeps pairs on PAIROUT_FD from now on, as word says: RESERVE or RESERVE/TIME, where RESERVE is a size, or
 * PAIROUT_RESERVE for the default one (diskquota.h). With a TIME they are kept on the descriptor after it as
 * well, by turns: a file is emptied when the other one has been written for that long, or has half of
 * PAIROUT_MOST; so what is younger than TIME is in one of them. -1 with why: the word is malformed, or a
 * descriptor is not open for writing.
 */
#define PAIROUT_RESERVE "default"
int pairout_keep(struct pairout *out, const char *word, struct failure *why);

/* Prints a pair, and keeps it where that was asked for. */
void pairout_pair(struct pairout *out, const struct connpair *pair);
/* A line that is not a pair, without its `#` and newline. */
void pairout_comment(struct pairout *out, const char *text);

/* Writes what was printed. 1; 0: it goes nowhere any more; -1: standard output cannot be written. */
int pairout_flush(struct pairout *out, struct failure *why);

/* Standard output has lost its reader. Returns whether a file is left to keep pairs in. */
bool pairout_leave(struct pairout *out);

/* Waits for the source, whose pairs go here, has it read once, and writes them; its notes are told. Returns as
 * pairout_flush; 0 also at the end of the source. */
int pairout_pass(struct pairout *out, struct pairsource *source, pairsource_tell *tell,
		 struct failure *why);

#endif
