/*
 * Files and pipes of pair lines (pairing.h), several at once, which may grow while they are read.
 */
#ifndef VCAP_PAIRFILE_H
#define VCAP_PAIRFILE_H

#include "base/failure.h"
#include "join/join.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_input;

struct pairfile {
	struct table_input *list;
	size_t count;
	uint64_t bad_lines;     /* that were no pairs */
	struct failure bad_why; /* the first of them */
};

#define PAIRFILE_INIT ((struct pairfile){0})

/* Opens another. A FIFO is opened for what comes, not waited for. */
int pairfile_open(struct pairfile *tables, const char *path, struct failure *why);
void pairfile_close(struct pairfile *tables);

/* Hands what there is by now to the join, without waiting for more. -1: cannot read. */
int pairfile_take(struct pairfile *tables, struct join *join, struct failure *why);
/* The same, up to the end of each. */
int pairfile_take_all(struct pairfile *tables, struct join *join, struct failure *why);

#endif
