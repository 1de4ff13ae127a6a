/*
 * The captures of the spool as a table, with one row for each.
 */
#ifndef VCAP_CAPTURE_TABLE_H
#define VCAP_CAPTURE_TABLE_H

#include "base/failure.h"
#include "base/table.h"
#include "controller/spool_entry.h"

/* All columns, in the order in which JSON has them. */
#define CAPTURE_TABLE_COLUMNS                                               \
	"DATE SERVICE SIZE PACKETS DROPS ENGINES MISSING STATE ID MESSAGE " \
	"CLOCKS BEGAN ENDED COUNT DURATION SNAPLEN MONITORS OPTIONS SPECS " \
	"ADDRESSES EXPRESSION FILE BY COMMENT PAIRS ROLLING SINCE SNAPSHOT-OF KEYS"

/* An empty table that shows all columns as JSON and otherwise the main ones; table_choose changes
 * that. The caller frees it. NULL: out of memory. */
struct table *capture_table_new(enum table_form form);

/* Adds the row of a capture. In TABLE_HUMAN sizes have units, and the missing engines are marked
 * among the others unless their own column is shown. -1: out of memory. */
int capture_table_add(struct table *table, const struct spool_entry *entry, enum table_form form,
		      struct failure *why);

#endif
