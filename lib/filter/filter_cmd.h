/*
 * What vcap-filter -r does: opens its files with the privileges of the user, then gives those up
 * and copies the packets that the filter accepts.
 */
#ifndef VCAP_FILTER_CMD_H
#define VCAP_FILTER_CMD_H

#include "base/failure.h"
#include "base/packedfile.h"
#include "capfile/copy.h"
#include "filter/selection.h"

struct filter_cmd {
	const char *name; /* of the input, in messages */
	int in;
	int first; /* the same file, to find keys in it before; -1: none are kept */
	bool cuts, mixes_linktypes; /* the caller's, set before filter_cmd_run (filter_options.h) */
	struct packedfile out;      /* compressed if its name says so */
};

/* Which of the TLS keys in a file are kept; those of the output, for which it is read twice, so that it has to be a
 * regular file. */
enum filter_keys { FILTER_KEYS_NONE, FILTER_KEYS_OF_OUTPUT };

/* Opens both; "-" is standard input and output. -1: nothing is open. */
int filter_cmd_open(struct filter_cmd *cmd, const char *in, const char *out, enum filter_keys keys,
		    struct failure *why);

/*
 * Confines the process (priv.h), copies the packets that the selection accepts, and commits the
 * output. The selection was decided, with from_file. Closes both files. With COPY_FAILED an old
 * output file is left as it was, and no new one made.
 */
enum copy_outcome filter_cmd_run(struct filter_cmd *cmd, struct selection *selection,
				 struct failure *why);

#endif
