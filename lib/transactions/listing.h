/*
 * Rows printed: each as it comes, or all at the end, sorted. A row that is kept costs the text of the
 * cells that are printed; more than some MiB of them are put aside into a file.
 */
#ifndef VCAP_LISTING_H
#define VCAP_LISTING_H

#include "transactions/columns.h"
#include "transactions/rowruns.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum listing_mode {
	LISTING_AT_END, /* in the order of time, or as `sort` says */
	LISTING_AT_ONCE,
};

struct listing {
	struct columns_choice columns;
	enum table_form form; /* JSON is an object a line */
	enum listing_mode mode;
	int sort;    /* a column: the largest number first, or text in its order; -1: by time */
	size_t most; /* rows that are printed; 0: all */
	FILE *out;
	struct rowruns runs; /* opened by the caller, or ROWRUNS_INIT: then all stays in memory */
	/* Private. */
	struct listing_row *rows; /* heap, owned */
	size_t held;              /* bytes of what was added since rows were put aside, about */
	size_t count, printed;
	size_t widths[COLUMNS_MAX];
};

/* Adds a row. -1 with why: out of memory. */
int listing_add(struct listing *listing, const struct transaction *row, const char *engine,
		struct failure *why);
/* Prints what was kept. -1 with why: out of memory. Errors of out are the caller's to check. */
int listing_finish(struct listing *listing, struct failure *why);
void listing_release(struct listing *listing);

#endif
