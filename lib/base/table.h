/*
 * Tables printed for people, for scripts and as JSON. Cells may come from outside: control
 * characters are escaped when they are printed (text.h).
 */
#ifndef VCAP_TABLE_H
#define VCAP_TABLE_H

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum table_form {
	TABLE_HUMAN, /* aligned, with a heading, as narrow as the terminal if that can be */
	TABLE_RAW,   /* a line a row, cells separated by tabs, no heading; an empty cell is `-` */
	TABLE_JSON,  /* {"NAME": [{"column": cell, ...}, ...]}; a non-number is null */
};

struct table_column {
	const char *name; /* upper case in the heading, lower case in JSON */
	enum { TABLE_TEXT, TABLE_NUMBER } kind;
	/* What becomes of it on a terminal that is too narrow for all columns: the one of the lowest rank
	 * first, until the rest fits. */
	enum { TABLE_STAYS, TABLE_GOES, TABLE_BELOW, TABLE_ABOVE } narrow;
	unsigned rank;
};

struct table;

/* name and columns are the caller's and must outlive the table. NULL: out of memory. */
struct table *table_new(const char *name, const struct table_column *columns, size_t count);

/* Frees the table. NULL is allowed. */
void table_free(struct table *table);

/*
 * Which columns are printed, and in which order: names in either case, separated by commas; with a
 * `+` before the first they follow those that are printed already. At first it is all of them. One
 * named twice is printed twice, but stands once in an object of JSON. -1 with why for an unknown
 * name; nothing has changed then.
 */
int table_choose(struct table *table, const char *names, struct failure *why);
/* Whether the column is printed. */
bool table_shows(const struct table *table, const char *name);

/* The heading of a column for people; heading is copied. -1 with why: out of memory. */
int table_head(struct table *table, const char *name, const char *heading, struct failure *why);

/* Adds a row with a cell for each column, which is copied; NULL is an empty cell. -1 with why: out
 * of memory: the table is unchanged. */
int table_add(struct table *table, const char *const *cells, struct failure *why);

/* Writes the table in this form. For people a table without rows is nothing. -1 with why: out of memory.
 * Errors of out are the caller's to check. */
int table_print(const struct table *table, enum table_form form, FILE *out, struct failure *why);
/* The same; for people a table without rows is its heading. */
int table_print_headed(const struct table *table, enum table_form form, FILE *out,
		       struct failure *why);

#endif
