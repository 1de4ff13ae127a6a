/*
 * The conversations of a capture as a table: what vcap-transactions(1) prints for --conversations. A
 * client's connection and the one to a server that carried nothing else are one row.
 */
#ifndef VCAP_CONNLIST_TABLE_H
#define VCAP_CONNLIST_TABLE_H

#include "base/failure.h"
#include "base/table.h"
#include "packet/addrset.h"
#include "transactions/columns.h"
#include "transactions/connlist.h"
#include "transactions/places.h"

#include <stddef.h>

struct connlist_table {
	const struct places *places; /* the names of the engines */
	const struct addrset *set;   /* sealed: only those with an end in it; NULL: all */
	size_t most;                 /* rows, the first ones; 0: all */
	enum columns_form form;
};

/* NULL with why: out of memory. The caller's, with table_free. */
struct table *connlist_table_new(const struct connlist *list, const struct connlist_table *wanted,
				 struct failure *why);

#endif
