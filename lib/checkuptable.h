/*
 * Checkups as a table: a row for each engine.
 */
#ifndef VCAP_CHECKUPTABLE_H
#define VCAP_CHECKUPTABLE_H

#include "checkup.h"
#include "failure.h"
#include "table.h"

#include <stdbool.h>
#include <stddef.h>

/* For people in their units, and short; else all there is, in bytes and seconds. NULL without
 * memory. */
struct table *checkuptable_new(const struct checkup *list, size_t count, bool for_people,
			       struct failure *why);

#endif
