/*
 * What vcap-transactions does: opens its files with the privileges of the user, then gives those up,
 * reads, and prints.
 */
#ifndef VCAP_TRANSACTIONS_CMD_H
#define VCAP_TRANSACTIONS_CMD_H

#include "base/failure.h"
#include "base/outfile.h"
#include "filter/service.h"
#include "flows/pairfile.h"
#include "transactions/rowruns.h"
#include "transactions/transactions_options.h"

#include <stdbool.h>
#include <stdint.h>

struct transactions_cmd {
	const char *name; /* of the input, in messages */
	int in, again;    /* the same file twice; again is -1 unless a marked copy is made. Owned */
	struct outfile marked; /* for that */
	struct rowruns aside;  /* for rows beyond what memory is to hold */
	bool is_stream;        /* the input is not a regular file: rows are printed as they come */
	struct pairfile tables;
	const struct service *service; /* the caller's; NULL: none */
	/* Results. */
	uint64_t dropped;   /* packets that the capture lost, by its statistics */
	uint64_t doubtful;  /* rows of which bytes are missing */
	uint64_t uncounted; /* packets of conversations that there was no room for */
	bool ran_short;     /* of memory */
	bool is_cut;        /* the input is damaged or cut short: why has more */
};

/* Opens the input, "-" is standard input, and the files that the options name. -1: nothing is open. */
int transactions_cmd_open(struct transactions_cmd *cmd, const char *path,
			  const struct transactions_options *options, struct failure *why);

/* Confines the process, reads all and prints to standard output. Closes all. -1: failed. */
int transactions_cmd_run(struct transactions_cmd *cmd, const struct transactions_options *options,
			 struct failure *why);

#endif
