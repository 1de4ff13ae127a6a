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

struct listing_row {
	double key;
	bool has_key;
	int64_t began_ns;
	uint64_t id;
	char *text;  /* the cell that is sorted by */
	char *cells; /* one behind the other, each ended by NUL; heap, owned */
};

void
listing_release(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++) {
		free(listing->rows[i].cells);
		free(listing->rows[i].text);
	}
	free(listing->rows);
	listing->rows = NULL;
	listing->count = 0;
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

/* The cells of a row. Heap; NULL: out of memory. */
static char *
format_cells(const struct listing *listing, const struct transaction *row, const char *engine)
{
	char cell[COLUMNS_CELL];
	char *cells = NULL;
	size_t size;
	FILE *to = open_memstream(&cells, &size);

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

	if (listing->most && listing->printed >= listing->most)
		return 0;
	cells = format_cells(listing, row, engine);
	if (!cells)
		return failure_nomem(why);
	print(listing, cells);
	free(cells);
	fflush(listing->out);
	return 0;
}

/* Numbers before text before nothing; the largest number first. */
static int
compare(const void *a, const void *b)
{
	const struct listing_row *one = a, *other = b;

	if (one->has_key != other->has_key)
		return one->has_key ? -1 : 1;
	if (one->has_key && one->key != other->key)
		return one->key > other->key ? -1 : 1;
	if (!one->text != !other->text)
		return one->text ? -1 : 1;
	if (one->text && strcmp(one->text, other->text) != 0)
		return strcmp(one->text, other->text);
	if (one->began_ns != other->began_ns)
		return one->began_ns < other->began_ns ? -1 : 1;
	return one->id < other->id ? -1 : one->id > other->id;
}

/* Leaves the first of those that were kept. */
static void
keep_first(struct listing *listing)
{
	qsort(listing->rows, listing->count, sizeof(*listing->rows), compare);
	while (listing->count > listing->most) {
		listing->count--;
		free(listing->rows[listing->count].cells);
		free(listing->rows[listing->count].text);
	}
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
	kept.cells = format_cells(listing, row, engine);
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
	if (listing->most && listing->count >= MANY && listing->count / 2 >= listing->most)
		keep_first(listing);
	return 0;
}

/* Adds a row to a table for people. */
static int
add_line(struct table *table, size_t columns, const char *cells, struct failure *why)
{
	const char *list[COLUMNS_MAX];

	for (size_t i = 0; i < columns; i++, cells += strlen(cells) + 1)
		list[i] = strcmp(cells, EMPTY) == 0 ? NULL : cells;
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

int
listing_finish(struct listing *listing, struct failure *why)
{
	size_t rows = listing->count;

	if (listing->mode == LISTING_AT_ONCE) {
		if (listing->printed == 0 && listing->form == TABLE_HUMAN)
			print_heading(listing);
		return 0;
	}
	if (rows)
		qsort(listing->rows, rows, sizeof(*listing->rows), compare);
	if (listing->most && rows > listing->most)
		rows = listing->most;
	if (listing->form == TABLE_HUMAN)
		return print_table(listing, rows, why);
	for (size_t i = 0; i < rows; i++)
		print(listing, listing->rows[i].cells);
	return 0;
}
