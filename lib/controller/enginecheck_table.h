/*
 * Checkups as a table: a row for each engine.
 */
#ifndef VCAP_ENGINECHECK_TABLE_H
#define VCAP_ENGINECHECK_TABLE_H

#include "base/failure.h"
#include "base/table.h"
#include "controller/enginecheck.h"

#include <stdbool.h>
#include <stddef.h>

/* For people in their units, and short; else all there is, in bytes and seconds. NULL without
 * memory. */
struct table *enginecheck_table_new(const struct enginecheck *list, size_t count, bool for_people,
				    struct failure *why);

#endif
