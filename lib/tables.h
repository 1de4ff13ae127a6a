/*
 * Files and pipes of pair lines (pairing.h), several at once, which may grow while they are read.
 */
#ifndef VCAP_TABLES_H
#define VCAP_TABLES_H

#include "failure.h"
#include "join.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_input;

struct tables {
	struct table_input *list;
	size_t count;
	uint64_t bad_lines;     /* that were no pairs */
	struct failure bad_why; /* the first of them */
};

#define TABLES_INIT ((struct tables){0})

/* Opens another. A FIFO is opened for what comes, not waited for. */
int tables_open(struct tables *tables, const char *path, struct failure *why);
void tables_close(struct tables *tables);

/* Hands what there is by now to the join, without waiting for more. -1: cannot read. */
int tables_take(struct tables *tables, struct join *join, struct failure *why);
/* The same, up to the end of each. */
int tables_take_all(struct tables *tables, struct join *join, struct failure *why);

#endif
