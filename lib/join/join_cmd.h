/*
 * A capture joined to another: opened with what the user may do, then read with nothing of that. A
 * regular file is read twice, anything else as a stream.
 */
#ifndef VCAP_JOIN_CMD_H
#define VCAP_JOIN_CMD_H

#include "base/failure.h"
#include "base/fileio.h"
#include "capfile/copy.h"
#include "flows/pairfile.h"
#include "join/join.h"

#include <stdbool.h>
#include <stdint.h>

struct join_cmd {
	const char *name; /* of the input, in messages */
	int in, again;    /* the same file twice; again is -1 for a stream */
	struct outfile out;
	struct pairfile tables;
	/* What came of it. */
	struct join_counts counts;
	uint64_t expired; /* packets that waited too long to be decided */
};

/* Opens all; "-" is standard input and output. tables is a list of table_count paths. -1: nothing
 * is open. */
int join_cmd_open(struct join_cmd *job, const char *in, const char *out, char *const *tables,
		  size_t table_count, bool live, struct failure *why);

/* Whether it is read as a stream. */
bool join_cmd_is_live(const struct join_cmd *job);

/*
 * Confines the process (priv.h), copies what belongs, and commits the output. Of config, is_live,
 * has_tables and seed are filled in. All is closed in the end. With COPY_FAILED there is no output
 * file, and the old one, if there was one, is untouched.
 */
enum copy_outcome join_cmd_run(struct join_cmd *job, struct join_config *config,
			       struct failure *why);

/* What became of the server-side connections, in a line. Heap; NULL without memory. */
char *join_counts_format(const struct join_counts *counts, uint64_t expired);

#endif
