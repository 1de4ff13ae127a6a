/*
 * A row as it is kept until it is printed: the text of its cells, and what it is sorted by.
 */
#ifndef VCAP_LISTING_ROW_H
#define VCAP_LISTING_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct listing_row {
	double key;
	bool has_key;
	int64_t began_ns;
	uint64_t id;
	char *text;        /* the cell that is sorted by, if that is no number; NULL: none */
	char *cells;       /* one behind the other, each ended by NUL */
	size_t cells_size; /* bytes of them */
};

/* For qsort(): numbers before text before nothing, the largest number first; then by time. */
int listing_row_compare(const void *a, const void *b);

/* Frees what it owns, if that is on the heap. */
void listing_row_release(struct listing_row *row);

#endif
