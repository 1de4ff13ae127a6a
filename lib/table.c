#include "table.h"

#include "text.h"

#include <ctype.h>
#include <libsmartcols/libsmartcols.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct table {
	const char *name;
	const struct table_column *columns;
	size_t width, rows;
	char **cells; /* row after row; NULL: empty */
};

struct table *
table_new(const char *name, const struct table_column *columns, size_t count)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table)
		*table = (struct table){.name = name, .columns = columns, .width = count};
	return table;
}

void
table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->rows * table->width; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}

int
table_add(struct table *table, const char *const *cells, struct failure *why)
{
	size_t used = table->rows * table->width;
	char **longer = realloc(table->cells, (used + table->width) * sizeof(*longer));

	if (!longer)
		return failure_set(why, "out of memory");
	table->cells = longer;
	for (size_t i = 0; i < table->width; i++)
		longer[used + i] = cells[i] && *cells[i] ? strdup(cells[i]) : NULL;
	table->rows++;
	return 0;
}

static const char *
cell(const struct table *table, size_t row, size_t column)
{
	return table->cells[row * table->width + column];
}

/* The cell with everything harmful escaped; blanks other than ' ' are control characters. Heap. */
static char *
harmless(const char *text)
{
	size_t size = 4 * strlen(text) + 1;
	char *safe = malloc(size);

	return safe ? text_escape(safe, size, text) : NULL;
}

static int
print_raw(const struct table *table, FILE *out, struct failure *why)
{
	for (size_t row = 0; row < table->rows; row++) {
		for (size_t i = 0; i < table->width; i++) {
			const char *text = cell(table, row, i);
			char *safe = harmless(text ? text : "-");

			if (!safe)
				return failure_set(why, "out of memory");
			fprintf(out, "%s%c", safe, i + 1 < table->width ? '\t' : '\n');
			free(safe);
		}
	}
	return 0;
}

static bool
is_number(const char *text)
{
	return text && strspn(text, "0123456789") == strlen(text);
}

static void
print_json_row(const struct table *table, size_t row, FILE *out)
{
	fputs("{", out);
	for (size_t i = 0; i < table->width; i++) {
		const struct table_column *column = &table->columns[i];
		const char *text = cell(table, row, i);

		fprintf(out, "%s\"", i ? ", " : "");
		for (const char *s = column->name; *s; s++)
			putc(tolower((unsigned char)*s), out);
		fputs("\": ", out);
		if (column->kind == TABLE_NUMBER)
			fputs(is_number(text) ? text : "null", out);
		else
			text_json(out, text ? text : "");
	}
	fputs("}", out);
}

static int
print_json(const struct table *table, FILE *out)
{
	fprintf(out, "{\"%s\": [", table->name);
	for (size_t row = 0; row < table->rows; row++) {
		fputs(row ? ",\n  " : "\n  ", out);
		print_json_row(table, row, out);
	}
	fputs(table->rows ? "\n]}\n" : "]}\n", out);
	return 0;
}

/* Fills in the columns and rows; whatever fails in between is a lack of memory. */
static int
fill(struct libscols_table *view, const struct table *table)
{
	for (size_t i = 0; i < table->width; i++) {
		int flags = table->columns[i].kind == TABLE_NUMBER ? SCOLS_FL_RIGHT : 0;

		if (!scols_table_new_column(view, table->columns[i].name, 0, flags))
			return -1;
	}
	for (size_t row = 0; row < table->rows; row++) {
		struct libscols_line *line = scols_table_new_line(view, NULL);

		for (size_t i = 0; i < table->width; i++) {
			const char *text = cell(table, row, i);
			char *safe = harmless(text ? text : "");

			if (!line || !safe || scols_line_refer_data(line, i, safe) != 0)
				return -1;
		}
	}
	return 0;
}

static int
print_human(const struct table *table, FILE *out, struct failure *why)
{
	struct libscols_table *view;
	int rc;

	if (table->rows == 0)
		return 0;
	view = scols_new_table();
	rc = view ? fill(view, table) : -1;
	/* No line is cut to a terminal's width: the ends of ids and names matter. */
	if (rc == 0)
		rc = scols_table_set_termforce(view, SCOLS_TERMFORCE_NEVER) ||
		     scols_table_set_stream(view, out) || scols_print_table(view);
	scols_unref_table(view);
	return rc == 0 ? 0 : failure_set(why, "cannot print the table");
}

int
table_print(const struct table *table, enum table_form form, FILE *out, struct failure *why)
{
	switch (form) {
	case TABLE_RAW: return print_raw(table, out, why);
	case TABLE_JSON: return print_json(table, out);
	case TABLE_HUMAN: break;
	}
	return print_human(table, out, why);
}
