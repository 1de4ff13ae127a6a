/*
 * Rows and columns to look at, for people, for scripts and as JSON. Cells are texts from anywhere:
 * what a terminal could act upon is made harmless when they are printed.
 */
#ifndef VCAP_TABLE_H
#define VCAP_TABLE_H

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum table_form {
	TABLE_HUMAN, /* aligned, with a heading */
	TABLE_RAW,   /* a line a row, cells separated by tabs, no heading; an empty cell is `-` */
	TABLE_JSON,  /* {"NAME": [{"column": cell, ...}, ...]}; a number that is none is null */
};

struct table_column {
	const char *name; /* upper case in the heading, lower case in JSON */
	enum { TABLE_TEXT, TABLE_NUMBER } kind;
};

struct table;

/* name and columns are the caller's and have to outlast the table. NULL without memory. */
struct table *table_new(const char *name, const struct table_column *columns, size_t count);
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

/* Adds a row of as many cells as there are columns; they are copied. NULL: empty. */
int table_add(struct table *table, const char *const *cells, struct failure *why);

int table_print(const struct table *table, enum table_form form, FILE *out, struct failure *why);

#endif
