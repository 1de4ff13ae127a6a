/*
 * The checks of engines as a table, with one row for each engine.
 */
#ifndef VCAP_ENGINECHECK_TABLE_H
#define VCAP_ENGINECHECK_TABLE_H

#include "base/failure.h"
#include "base/table.h"
#include "controller/enginecheck.h"

#include <stdbool.h>
#include <stddef.h>

/* The table of these checks: for_people the main columns, with units; otherwise all columns, in
 * bytes and seconds. The caller frees it. NULL with why: out of memory. */
struct table *enginecheck_table_new(const struct enginecheck *list, size_t count, bool for_people,
				    struct failure *why);

#endif
