/*
 * The engines of captures as a table, a row for each.
 */
#ifndef VCAP_STATUS_TABLE_H
#define VCAP_STATUS_TABLE_H

#include "base/failure.h"
#include "base/strvec.h"
#include "base/table.h"
#include "controller/spool_entry.h"

/* An empty table: for people the columns in the order that they read best, else in the order of
 * scripts. The caller frees it. NULL: out of memory. */
struct table *status_table_new(enum table_form form);

/* Adds a row for the engine, from what is known of it in the spool. An engine whose state cannot be
 * read gets the row of one that is unknown, and a line that says why is appended to remarks. snapshots is how many
 * there are of a rolling capture. -1:
 * out of memory. */
int status_table_add(struct table *table, enum table_form form, const struct spool_entry *entry,
		     unsigned snapshots, const char *engine, struct strvec *remarks,
		     struct failure *why);

#endif
