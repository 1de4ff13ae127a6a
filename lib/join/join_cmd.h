/*
 * What vcap-join does: opens its files with the privileges of the user, then gives those up and
 * copies the packets that belong. A regular file is read twice, anything else as a stream.
 */
#ifndef VCAP_JOIN_CMD_H
#define VCAP_JOIN_CMD_H

#include "base/failure.h"
#include "base/packedfile.h"
#include "capfile/copy.h"
#include "flows/pairfile.h"
#include "join/join.h"

#include <stdbool.h>
#include <stdint.h>

struct join_cmd {
	const char *name;      /* of the input, in messages */
	int anew;              /* once more, to learn from it again; -1 for a stream. Owned */
	int in, again;         /* the same file twice; again is -1 for a stream. Owned */
	int for_keys;          /* and once more, if TLS keys in it are kept; else -1 */
	struct packedfile out; /* compressed if its name says so */
	struct pairfile tables;
	bool mixes_linktypes; /* the caller's, set before join_cmd_run */
	/* Results. */
	struct join_counts counts;
	uint64_t expired;      /* packets that were not decided in time */
	char *failed_connects; /* join.h; heap, the caller's; may be NULL */
};

/* How a regular file is read. */
enum join_mode { JOIN_TWICE, JOIN_LIVE };

/* Which of the TLS keys in a file are kept: those of what belongs, for which it has to be a regular file. */
enum join_keys { JOIN_KEYS_NONE, JOIN_KEYS_OF_OUTPUT };

/* Opens all files; "-" is standard input and output. tables is a list of table_count paths. -1:
 * nothing is open. */
int join_cmd_open(struct join_cmd *cmd, const char *in, const char *out, char *const *tables,
		  size_t table_count, enum join_mode mode, enum join_keys keys,
		  struct failure *why);

/* Whether the input is read as a stream. */
bool join_cmd_is_live(const struct join_cmd *cmd);

/*
 * Confines the process (priv.h), copies what belongs, and commits the output. Of config, memory is
 * what a stream may take; is_live, has_tables and secret are set here. Closes all files. With
 * COPY_FAILED an old output file is left as it was, and no new one made.
 */
enum copy_outcome join_cmd_run(struct join_cmd *cmd, struct join_config *config,
			       struct failure *why);
#endif
