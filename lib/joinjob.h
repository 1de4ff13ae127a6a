/*
 * A capture joined to another: opened with what the user may do, then read with nothing of that. A
 * regular file is read twice, anything else as a stream.
 */
#ifndef VCAP_JOINJOB_H
#define VCAP_JOINJOB_H

#include "failure.h"
#include "fdio.h"
#include "join.h"
#include "sieve.h"
#include "tables.h"

#include <stdbool.h>
#include <stdint.h>

struct joinjob {
	const char *name; /* of the input, in messages */
	int in, again;    /* the same file twice; again is -1 for a stream */
	struct outfile out;
	struct tables tables;
	/* What came of it. */
	struct join_counts counts;
	uint64_t expired; /* packets that waited too long to be decided */
};

/* Opens all; "-" is standard input and output. tables is a list of table_count paths. -1: nothing
 * is open. */
int joinjob_open(struct joinjob *job, const char *in, const char *out, char *const *tables,
		 size_t table_count, bool live, struct failure *why);

/* Whether it is read as a stream. */
bool joinjob_is_live(const struct joinjob *job);

/*
 * Confines the process (priv.h), copies what belongs, and commits the output. Of config, is_live,
 * has_tables and seed are filled in. All is closed in the end. With SIEVE_FAILED there is no output
 * file, and the old one, if there was one, is untouched.
 */
enum sieve_outcome joinjob_run(struct joinjob *job, struct join_config *config,
			       struct failure *why);

/* What became of the server-side connections, in a line. Heap; NULL without memory. */
char *joinjob_summary(const struct join_counts *counts, uint64_t expired);

#endif
