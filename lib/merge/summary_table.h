/*
 * A census as a table: a row for each origin, or for each origin and bin of time.
 */
#ifndef VCAP_SUMMARY_TABLE_H
#define VCAP_SUMMARY_TABLE_H

#include "base/failure.h"
#include "base/table.h"
#include "merge/summary.h"

#include <stdbool.h>

struct summary_table_form {
	bool by_bin;
	/* A cell that holds nothing is `-`, and no cell has a blank, so that awk counts the columns
	 * right; else it is empty. */
	bool for_people;
	/* Every row as the census has it, which else only those see who are no people. People see
	 * the rows with packets, the drops of an interface on its first one; an interface with
	 * drops alone; and a row without interface for an engine that has neither. */
	bool all;
};

/* NULL without memory. */
struct table *summary_table_new(const struct summary *census, const struct summary_table_form *form,
				struct failure *why);

#endif
