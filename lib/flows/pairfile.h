/*
 * Files and pipes of connection pairs (connpair.h), several at once, which may grow while they are
 * read. Empty lines and those that start with `#` are skipped.
 */
#ifndef VCAP_PAIRFILE_H
#define VCAP_PAIRFILE_H

#include "base/failure.h"
#include "flows/connpair.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pairfile {
	struct pairfile_input *inputs; /* heap, owned */
	size_t count;
	/* The caller's, set before the first pairfile_read: called with each pair. */
	connpair_report *report;
	void *context;
	uint64_t bad_lines;     /* lines that were no pairs */
	struct failure bad_why; /* what is wrong with the first of them */
};

#define PAIRFILE_INIT ((struct pairfile){0})

/* Opens another input, without waiting for the writer of a FIFO. path is borrowed until
 * pairfile_close. -1: cannot be read. */
int pairfile_open(struct pairfile *files, const char *path, struct failure *why);
/* Closes all inputs; the counts stay. */
void pairfile_close(struct pairfile *files);

/* Reports the pairs that can be read without waiting. -1: an input cannot be read. */
int pairfile_read(struct pairfile *files, struct failure *why);
/* Reports all pairs, up to the end of each input, for which it waits. -1 as pairfile_read. */
int pairfile_read_all(struct pairfile *files, struct failure *why);

/* Whether lines were no pairs; how many and why is in *complaint then, which is unchanged otherwise. */
bool pairfile_complains(const struct pairfile *files, struct failure *complaint);

#endif
