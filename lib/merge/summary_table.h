/*
 * A summary as a table: a row for each engine, interface and side, or for each of those and bin.
 */
#ifndef VCAP_SUMMARY_TABLE_H
#define VCAP_SUMMARY_TABLE_H

#include "base/failure.h"
#include "base/table.h"
#include "merge/summary.h"

#include <stdbool.h>

struct summary_table_form {
	bool by_bin;
	/* An empty cell is `-`, and blanks in cells are `_`, so that awk counts the columns right.
	 */
	bool for_people;
	/*
	 * All rows of the summary, which JSON always has. Otherwise only rows with packets, each
	 * interface with its drops on the first of them; an interface with drops and no packets;
	 * and a row without interface for an engine that has neither.
	 */
	bool all;
};

/* Heap, to be freed with table_free; NULL: out of memory. */
struct table *summary_table_new(const struct summary *summary,
				const struct summary_table_form *form, struct failure *why);

#endif
