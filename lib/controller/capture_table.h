/*
 * Captures of the spool as a table: a row for each.
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
	"ADDRESSES EXPRESSION FILE"

/* Shows, unless table_choose says otherwise, all columns as JSON, else the usual ones. NULL without
 * memory. */
struct table *capture_table_new(enum table_form form);

/* Adds a row. People see sizes with their unit, and who is missing together with who is not, unless
 * the missing have their column. -1: no memory. */
int capture_table_add(struct table *table, const struct spool_entry *entry, enum table_form form,
		      struct failure *why);

#endif
