/*
 * Sorted rows beyond what memory is to hold: runs of them in a file that has no name, one behind the other, which are
 * merged when they are read.
 */
#ifndef VCAP_ROWRUNS_H
#define VCAP_ROWRUNS_H

#include "base/failure.h"
#include "transactions/listing_row.h"

#include <stddef.h>
#include <stdint.h>

struct rowruns {
	int fd; /* owned; -1: there is no file, and nothing can be kept */
	int64_t size;
	struct rowrun *runs; /* heap, owned */
	size_t count;
};

#define ROWRUNS_INIT ((struct rowruns){.fd = -1})

/* Opens a file for them in the directory. Without one (a failure is none) nothing can be kept. */
void rowruns_open(struct rowruns *runs, const char *directory);
void rowruns_release(struct rowruns *runs);

/* Writes sorted rows as another run. -1: they could not be written; the runs before are there still. */
int rowruns_add(struct rowruns *runs, const struct listing_row *rows, size_t count);

/* Begins to read all rows, in their order. -1 with why. */
int rowruns_rewind(struct rowruns *runs, struct failure *why);
/* The row at hand, NULL: there is no more; valid until rowruns_next, which goes on to the next. -1 with why. */
const struct listing_row *rowruns_row(const struct rowruns *runs);
int rowruns_next(struct rowruns *runs, struct failure *why);

#endif
