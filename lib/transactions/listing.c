#include "transactions/listing.h"

#include "base/array.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A cell that is empty, among those of a row. */
#define EMPTY "\1"

/* So many rows are kept before those that are not asked for are dropped. */
#define MANY 4096

/* What rows may take of memory before they are put aside, about. */
#define HELD_BYTES ((size_t)24 << 20)
#define ROW_COST   32 /* of the heap, for each */

void
listing_release(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		listing_row_release(&listing->rows[i]);
	free(listing->rows);
	listing->rows = NULL;
	listing->count = 0;
	rowruns_release(&listing->runs);
}

static const struct table_column *
column_of(const struct listing *listing, size_t which)
{
	size_t count;

	return &columns_all(&count)[listing->columns.list[which]];
}

static enum columns_form
form_of(const struct listing *listing)
{
	return listing->form == TABLE_HUMAN ? COLUMNS_FOR_PEOPLE : COLUMNS_FOR_SCRIPTS;
}

/* The cells of a row, *size bytes. Heap; NULL: out of memory. */
static char *
format_cells(const struct listing *listing, const struct transaction *row, const char *engine,
	     size_t *size)
{
	char cell[COLUMNS_CELL];
	char *cells = NULL;
	FILE *to = open_memstream(&cells, size);

	if (!to)
		return NULL;
	for (size_t i = 0; i < listing->columns.count; i++) {
		const char *text =
		    columns_cell(row, listing->columns.list[i], engine, form_of(listing), cell);

		fputs(text ? text : EMPTY, to);
		fputc('\0', to);
	}
	if (fclose(to) != 0) {
		free(cells);
		return NULL;
	}
	return cells;
}

static void
print_json(const struct listing *listing, const char *cells)
{
	for (size_t i = 0; i < listing->columns.count; i++, cells += strlen(cells) + 1) {
		const struct table_column *column = column_of(listing, i);

		fputs(i ? "," : "{", listing->out);
		fputc('"', listing->out);
		for (const char *p = column->name; *p; p++)
			fputc(tolower((unsigned char)*p), listing->out);
		fputs("\":", listing->out);
		if (strcmp(cells, EMPTY) == 0)
			fputs("null", listing->out);
		else if (column->kind == TABLE_NUMBER)
			fputs(cells, listing->out);
		else
			text_json(listing->out, cells);
	}
	fputs("}\n", listing->out);
}

static const char *
shown(const char *cell, char *to, size_t size)
{
	return strcmp(cell, EMPTY) == 0 || !*cell ? "-" : text_escape(to, size, cell);
}

static void
print_raw(const struct listing *listing, const char *cells)
{
	char text[4 * COLUMNS_CELL];

	for (size_t i = 0; i < listing->columns.count; i++, cells += strlen(cells) + 1)
		fprintf(listing->out, "%s%s", i ? "\t" : "", shown(cells, text, sizeof(text)));
	fputc('\n', listing->out);
}

/* A column is as wide as its widest cell so far, as what comes later is not known. */
static void
print_padded(struct listing *listing, size_t which, const char *text)
{
	size_t length = strlen(text), *width = &listing->widths[which];
	bool is_last = which + 1 == listing->columns.count;

	if (length > *width)
		*width = length;
	if (column_of(listing, which)->kind == TABLE_NUMBER)
		fprintf(listing->out, "%*s%s", (int)*width, text, is_last ? "" : " ");
	else
		fprintf(listing->out, "%-*s%s", is_last ? 0 : (int)*width, text,
			is_last ? "" : " ");
}

static void
print_heading(struct listing *listing)
{
	for (size_t i = 0; i < listing->columns.count; i++)
		print_padded(listing, i, column_of(listing, i)->name);
	fputc('\n', listing->out);
}

static void
print_line(struct listing *listing, const char *cells)
{
	char text[4 * COLUMNS_CELL];

	if (listing->printed == 0)
		print_heading(listing);
	for (size_t i = 0; i < listing->columns.count; i++, cells += strlen(cells) + 1)
		print_padded(listing, i, shown(cells, text, sizeof(text)));
	fputc('\n', listing->out);
}

static void
print(struct listing *listing, const char *cells)
{
	switch (listing->form) {
	case TABLE_JSON: print_json(listing, cells); break;
	case TABLE_RAW: print_raw(listing, cells); break;
	default: print_line(listing, cells); break;
	}
	listing->printed++;
}

static int
print_now(struct listing *listing, const struct transaction *row, const char *engine,
	  struct failure *why)
{
	char *cells;
	size_t size;

	if (listing->most && listing->printed >= listing->most)
		return 0;
	cells = format_cells(listing, row, engine, &size);
	if (!cells)
		return failure_nomem(why);
	print(listing, cells);
	free(cells);
	fflush(listing->out);
	return 0;
}

/* Leaves the first of those that were kept. */
static void
keep_first(struct listing *listing)
{
	qsort(listing->rows, listing->count, sizeof(*listing->rows), listing_row_compare);
	while (listing->count > listing->most)
		listing_row_release(&listing->rows[--listing->count]);
}

/* What is kept goes to the file, if there is one with room: else it stays. */
static void
put_aside(struct listing *listing)
{
	listing->held = 0;
	qsort(listing->rows, listing->count, sizeof(*listing->rows), listing_row_compare);
	if (rowruns_add(&listing->runs, listing->rows, listing->count) < 0)
		return;
	while (listing->count)
		listing_row_release(&listing->rows[--listing->count]);
	free(listing->rows);
	listing->rows = NULL;
}

int
listing_add(struct listing *listing, const struct transaction *row, const char *engine,
	    struct failure *why)
{
	struct listing_row kept = {.began_ns = row->began_ns, .id = row->id};
	char cell[COLUMNS_CELL];

	if (listing->mode == LISTING_AT_ONCE)
		return print_now(listing, row, engine, why);
	if (array_grow(&listing->rows, listing->count, sizeof(kept)) < 0)
		return failure_nomem(why);
	kept.cells = format_cells(listing, row, engine, &kept.cells_size);
	if (!kept.cells)
		return failure_nomem(why);
	if (listing->sort >= 0) {
		const char *text =
		    columns_cell(row, listing->sort, engine, COLUMNS_FOR_SCRIPTS, cell);

		kept.has_key = columns_number(row, listing->sort, &kept.key);
		if (!kept.has_key && text)
			kept.text = strdup(text);
	}
	listing->rows[listing->count++] = kept;
	listing->held += sizeof(kept) + ROW_COST + kept.cells_size;
	if (listing->most && listing->count >= MANY && listing->count / 2 >= listing->most)
		keep_first(listing);
	if (listing->held >= HELD_BYTES)
		put_aside(listing);
	return 0;
}

/* Adds a row to a table for people. */
static int
add_line(struct table *table, size_t columns, const char *cells, struct failure *why)
{
	const char *list[COLUMNS_MAX];

	for (size_t i = 0; i < columns; i++, cells += strlen(cells) + 1)
		list[i] = strcmp(cells, EMPTY) == 0 || !*cells ? "-" : cells;
	return table_add(table, list, why);
}

static int
print_table(const struct listing *listing, size_t rows, struct failure *why)
{
	struct table_column columns[COLUMNS_MAX];
	size_t count = listing->columns.count;
	struct table *table;
	int rc = 0;

	for (size_t i = 0; i < count; i++)
		columns[i] = *column_of(listing, i);
	table = table_new("transactions", columns, count);
	if (!table)
		return failure_nomem(why);
	for (size_t i = 0; i < rows && rc == 0; i++)
		rc = add_line(table, count, listing->rows[i].cells, why);
	if (rc == 0)
		rc = table_print_headed(table, TABLE_HUMAN, listing->out, why);
	table_free(table);
	return rc;
}

/* How wide each column has to be for a row. */
static void
measure(struct listing *listing, const char *cells)
{
	char text[4 * COLUMNS_CELL];

	for (size_t i = 0; i < listing->columns.count; i++, cells += strlen(cells) + 1) {
		size_t length = strlen(shown(cells, text, sizeof(text)));

		if (length > listing->widths[i])
			listing->widths[i] = length;
	}
}

/* Those that were put aside and those that are held, in order, up to `most`. */
static int
each_row(struct listing *listing, void (*take)(struct listing *, const char *), struct failure *why)
{
	size_t next = 0, count = 0;

	if (rowruns_rewind(&listing->runs, why) < 0)
		return -1;
	for (; !listing->most || count < listing->most; count++) {
		const struct listing_row *aside = rowruns_row(&listing->runs);
		const struct listing_row *held =
		    next < listing->count ? &listing->rows[next] : NULL;
		bool is_aside = aside && (!held || listing_row_compare(aside, held) < 0);

		if (!aside && !held)
			break;
		take(listing, is_aside ? aside->cells : held->cells);
		if (!is_aside)
			next++;
		else if (rowruns_next(&listing->runs, why) < 0)
			return -1;
	}
	return 0;
}

int
listing_finish(struct listing *listing, struct failure *why)
{
	if (listing->mode == LISTING_AT_ONCE) {
		if (listing->printed == 0 && listing->form == TABLE_HUMAN)
			print_heading(listing);
		return 0;
	}
	if (listing->count)
		qsort(listing->rows, listing->count, sizeof(*listing->rows), listing_row_compare);
	if (listing->form != TABLE_HUMAN)
		return each_row(listing, print, why);
	if (listing->runs.count == 0) {
		size_t rows = listing->count;

		return print_table(
		    listing, listing->most && rows > listing->most ? listing->most : rows, why);
	}
	/* Too many for a table in memory. */
	if (each_row(listing, measure, why) < 0)
		return -1;
	return each_row(listing, print, why);
}
