/*
 * A census as a table: a row for each origin, or for each origin and bin of time.
 */
#ifndef VCAP_CENSUSTABLE_H
#define VCAP_CENSUSTABLE_H

#include "census.h"
#include "failure.h"
#include "table.h"

#include <stdbool.h>

/*
 * The origins, or the bins if by_bin. For people a cell that holds nothing is `-`, and no cell has
 * a blank, so that awk counts the columns right; else it is empty. NULL without memory.
 */
struct table *censustable_new(const struct census *census, bool by_bin, bool for_people,
			      struct failure *why);

#endif
