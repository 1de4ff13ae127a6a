/*
 * Which packets begin the messages of which transactions, and a copy of a capture in which comments say
 * so: "vcap: transaction N".
 */
#ifndef VCAP_MARKS_H
#define VCAP_MARKS_H

#include "capfile/copy.h"
#include "transactions/rowpackets.h"
#include "transactions/transaction.h"

#include <stddef.h>
#include <stdint.h>

struct marks {
	struct mark *list; /* heap, owned */
	size_t count;
	struct rowpackets *only; /* borrowed: the packets that are copied; NULL: all */
	/* Private, while a copy is made. */
	uint64_t packet; /* of the copy, from 1 */
	size_t next;
	unsigned char *options; /* heap, owned */
};

#define MARKS_INIT ((struct marks){0})

/* Frees the list and the options; marks is MARKS_INIT afterwards. */
void marks_release(struct marks *marks);

/* Adds those of a row. -1 with why: out of memory. */
int marks_add(struct marks *marks, const struct transaction *row, struct failure *why);

/*
 * Copies in, the file that rows came from, to out, with the comments. Comments of the input that
 * look like them are of another count, and begin with "earlier: " then. The output's section names
 * vcap-transactions.
 */
enum copy_outcome marks_copy(struct marks *marks, struct reader *in, struct writer *out,
			     struct failure *why);

#endif
