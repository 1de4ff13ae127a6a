/*
 * The engines of captures as a table, a row for each.
 */
#ifndef VCAP_STATUS_TABLE_H
#define VCAP_STATUS_TABLE_H

#include "base/failure.h"
#include "base/table.h"
#include "controller/spool_entry.h"

/* The table with the columns of the form. NULL without memory. */
struct table *status_table_new(enum table_form form);

/* Adds a row for the engine, from what is known of it in the spool. An unreadable state counts as
 * nothing known, and *remark says so; else *remark is empty. -1: no memory. */
int status_table_add(struct table *table, enum table_form form, const struct spool_entry *entry,
		     const char *engine, struct failure *remark, struct failure *why);

#endif
