/*
 * A capture file filtered to another: opened with what the user may do, then read with nothing of
 * that.
 */
#ifndef VCAP_FILTERJOB_H
#define VCAP_FILTERJOB_H

#include "failure.h"
#include "fdio.h"
#include "selection.h"
#include "sieve.h"

struct filterjob {
	const char *name; /* of the input, in messages */
	int in;
	struct outfile out;
};

/* Opens both; "-" is standard input and output. -1: nothing is open. */
int filterjob_open(struct filterjob *job, const char *in, const char *out, struct failure *why);

/*
 * Confines the process (priv.h), copies what the selection, which is decided and from_file, lets
 * through, and commits the output. Both are closed in the end. With SIEVE_FAILED there is no output
 * file, and the old one, if there was one, is untouched.
 */
enum sieve_outcome filterjob_run(struct filterjob *job, struct selection *selection,
				 struct failure *why);

#endif
