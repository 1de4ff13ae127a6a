/*
 * The columns of a row: what vcap-transactions(1) calls them, and their cells as text.
 */
#ifndef VCAP_COLUMNS_H
#define VCAP_COLUMNS_H

#include "base/table.h"
#include "transactions/transaction.h"

#include <stdbool.h>
#include <stddef.h>

/* For people: their order, and which are printed unless asked. */
#define COLUMNS_DEFAULT \
	"ID,BEGAN,CLIENT,SERVER,METHOD,PATH,STATUS,WAIT,CONNECT,TTFB,TRANSFER,TOTAL,END"

#define COLUMNS_MAX  64
#define COLUMNS_CELL 1200 /* bytes of the longest cell, NUL included */

/* All columns; *count of them. Static. */
const struct table_column *columns_all(size_t *count);

/* The number of a column with this name, in either case; size bytes of it. -1: there is none. */
int columns_find(const char *name, size_t size);

/* Which columns, in which order. */
struct columns_choice {
	int list[COLUMNS_MAX];
	size_t count;
};

/* Names separated by commas, of which a `+` before the first means behind those chosen already. -1 with
 * why: an unknown name, or too many; nothing has changed then. */
int columns_choose(struct columns_choice *choice, const char *names, struct failure *why);

/* How times of day are written: for people or as seconds since 1970. */
enum columns_form { COLUMNS_FOR_PEOPLE, COLUMNS_FOR_SCRIPTS };

/* Writes the cell; engine is the name of the row's engine, or NULL. Returns to; NULL: it is empty. */
const char *columns_cell(const struct transaction *row, int column, const char *engine,
			 enum columns_form form, char to[COLUMNS_CELL]);

/* What rows are sorted by: *number; false: the cell is no number, or empty. */
bool columns_number(const struct transaction *row, int column, double *number);

#endif
