/*
 * A capture file filtered to another: opened with what the user may do, then read with nothing of
 * that.
 */
#ifndef VCAP_FILTER_CMD_H
#define VCAP_FILTER_CMD_H

#include "base/failure.h"
#include "base/outfile.h"
#include "capfile/copy.h"
#include "filter/selection.h"

struct filter_cmd {
	const char *name; /* of the input, in messages */
	int in;
	struct outfile out;
};

/* Opens both; "-" is standard input and output. -1: nothing is open. */
int filter_cmd_open(struct filter_cmd *job, const char *in, const char *out, struct failure *why);

/*
 * Confines the process (priv.h), copies what the selection, which is decided and from_file, lets
 * through, and commits the output. Both are closed in the end. With COPY_FAILED there is no output
 * file, and the old one, if there was one, is untouched.
 */
enum copy_outcome filter_cmd_run(struct filter_cmd *job, struct selection *selection,
				 struct failure *why);

#endif
