#include "base/table.h"

#include "base/array.h"
#include "base/table_layout.h"
#include "base/text.h"

#include <ctype.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct table {
	const char *name;
	const struct table_column *columns;
	size_t width, rows;
	char **cells;   /* row after row; NULL: empty */
	size_t *chosen; /* columns to print; NULL: all */
	size_t chosen_count;
	size_t headed; /* the column with another heading */
	char *heading; /* heap; NULL: none has one */
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
	free(table->chosen);
	free(table->heading);
	free(table);
}

/* How many columns are printed, and which is the i-th. */
static size_t
shown_count(const struct table *table)
{
	return table->chosen ? table->chosen_count : table->width;
}

static size_t
shown(const struct table *table, size_t i)
{
	return table->chosen ? table->chosen[i] : i;
}

/* The number of the column whose name is those bytes; the table's width if there is none. */
static size_t
find_column(const struct table *table, const char *name, size_t length)
{
	size_t i = 0;

	while (i < table->width && (strlen(table->columns[i].name) != length ||
				    strncasecmp(table->columns[i].name, name, length) != 0))
		i++;
	return i;
}

bool
table_shows(const struct table *table, const char *name)
{
	const size_t wanted = find_column(table, name, strlen(name));
	size_t i = 0;

	while (i < shown_count(table) && shown(table, i) != wanted)
		i++;
	return i < shown_count(table);
}

int
table_choose(struct table *table, const char *names, struct failure *why)
{
	const char *next = names + (*names == '+');
	/* No more names than there are characters. */
	const size_t most = strlen(names) + 1 + shown_count(table);
	size_t *chosen = calloc(most, sizeof(*chosen)), count = 0;

	if (!chosen)
		return failure_nomem(why);
	for (size_t i = 0; *names == '+' && i < shown_count(table); i++)
		chosen[count++] = shown(table, i);
	for (;; next++) {
		size_t length = strcspn(next, ","), column = find_column(table, next, length);

		if (column == table->width) {
			free(chosen);
			return failure_set(why, "unknown column '%.*s'", (int)length, next);
		}
		chosen[count++] = column;
		next += length;
		if (!*next)
			break;
	}
	free(table->chosen);
	table->chosen = chosen;
	table->chosen_count = count;
	return 0;
}

int
table_head(struct table *table, const char *name, const char *heading, struct failure *why)
{
	char *copy = strdup(heading);

	if (!copy)
		return failure_nomem(why);
	free(table->heading);
	table->heading = copy;
	table->headed = find_column(table, name, strlen(name));
	return 0;
}

int
table_add(struct table *table, const char *const *cells, struct failure *why)
{
	size_t used = table->rows * table->width;

	if (array_grow(&table->cells, table->rows, table->width * sizeof(*table->cells)) < 0)
		return failure_nomem(why);
	for (size_t i = 0; i < table->width; i++)
		table->cells[used + i] = cells[i] && *cells[i] ? strdup(cells[i]) : NULL;
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
		for (size_t i = 0; i < shown_count(table); i++) {
			const char *text = cell(table, row, shown(table, i));
			char *safe = harmless(text ? text : "-");

			if (!safe)
				return failure_nomem(why);
			fprintf(out, "%s%c", safe, i + 1 < shown_count(table) ? '\t' : '\n');
			free(safe);
		}
	}
	return 0;
}

/* As JSON has them, without sign and exponent. */
static bool
is_number(const char *text)
{
	size_t whole = text ? strspn(text, "0123456789") : 0, part = 0;

	if (whole == 0 || (whole > 1 && text[0] == '0'))
		return false;
	if (text[whole] == '.' && (part = strspn(text + whole + 1, "0123456789")) > 0)
		part++;
	return !text[whole + part];
}

/* Whether the i-th column that is printed was printed before. */
static bool
is_repeated(const struct table *table, size_t i)
{
	size_t before = 0;

	while (before < i && shown(table, before) != shown(table, i))
		before++;
	return before < i;
}

static void
print_json_row(const struct table *table, size_t row, FILE *out)
{
	fputs("{", out);
	for (size_t i = 0; i < shown_count(table); i++) {
		const struct table_column *column = &table->columns[shown(table, i)];
		const char *text = cell(table, row, shown(table, i));

		if (is_repeated(table, i))
			continue;
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

static const char *
heading(const struct table *table, size_t column)
{
	return table->heading && table->headed == column ? table->heading
							 : table->columns[column].name;
}

/* Fills in the columns of that list and the rows; whatever fails in between is a lack of memory. */
static int
fill(struct libscols_table *view, const struct table *table, const size_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int flags = table->columns[list[i]].kind == TABLE_NUMBER ? SCOLS_FL_RIGHT : 0;

		if (!scols_table_new_column(view, heading(table, list[i]), 0, flags))
			return -1;
	}
	for (size_t row = 0; row < table->rows; row++) {
		struct libscols_line *line = scols_table_new_line(view, NULL);

		for (size_t i = 0; i < count; i++) {
			const char *text = cell(table, row, list[i]);
			char *safe = harmless(text ? text : "");

			if (!line || !safe || scols_line_refer_data(line, i, safe) != 0)
				return -1;
		}
	}
	return 0;
}

/* The width of the table with these columns. */
static size_t
width_of(const struct table *table, const size_t *list, size_t count)
{
	size_t all = count - 1;

	for (size_t i = 0; i < count; i++) {
		size_t most = table_layout_width(heading(table, list[i]));

		for (size_t row = 0; row < table->rows; row++) {
			const char *text = cell(table, row, list[i]);
			char *safe = text ? harmless(text) : NULL;

			if (safe && table_layout_width(safe) > most)
				most = table_layout_width(safe);
			free(safe);
		}
		all += most;
	}
	return all;
}

/* The place in the list of the column that gives way next; count: none does. */
static size_t
next_to_give_way(const struct table *table, const size_t *list, size_t count)
{
	size_t chosen = count;

	for (size_t i = 0; i < count; i++)
		if (table->columns[list[i]].narrow != TABLE_STAYS &&
		    (chosen == count ||
		     table->columns[list[i]].rank < table->columns[list[chosen]].rank))
			chosen = i;
	return chosen;
}

/* Shortens the list until the table fits; those that gave way are in moved, which has as much room.
 * Unchanged if it cannot. Returns how many stay. */
static size_t
narrow(const struct table *table, size_t *list, size_t count, size_t *moved, size_t room)
{
	size_t *tried = malloc(count * sizeof(*tried)), left = count, at;

	if (!tried)
		return count;
	memcpy(tried, list, count * sizeof(*tried));
	while (width_of(table, tried, left) > room &&
	       (at = next_to_give_way(table, tried, left)) < left && left > 1) {
		moved[count - left] = tried[at];
		memmove(tried + at, tried + at + 1, (left - at - 1) * sizeof(*tried));
		left--;
	}
	if (width_of(table, tried, left) > room)
		left = count;
	else
		memcpy(list, tried, left * sizeof(*tried));
	free(tried);
	return left;
}

static bool
is_same_above(const struct table *table, size_t row, const size_t *moved, size_t count)
{
	for (size_t i = 0; row > 0 && i < count; i++) {
		const char *text = cell(table, row, moved[i]),
			   *before = cell(table, row - 1, moved[i]);

		if (table->columns[moved[i]].narrow == TABLE_ABOVE &&
		    strcmp(text ? text : "", before ? before : "") != 0)
			return false;
	}
	return row > 0;
}

/* The cells that do not stand in the row. */
static void
print_moved(const struct table *table, size_t row, const size_t *moved, size_t count, bool above,
	    size_t room, FILE *out)
{
	const char *gap = "";

	for (size_t i = 0; i < count; i++) {
		const struct table_column *column = &table->columns[moved[i]];
		const char *text = cell(table, row, moved[i]);
		char *safe = text ? harmless(text) : NULL;

		if (safe && above && column->narrow == TABLE_ABOVE) {
			fprintf(out, "%s%s", gap, safe);
			gap = "  ";
		}
		if (safe && !above && column->narrow == TABLE_BELOW)
			table_layout_wrap(out, safe, room);
		free(safe);
	}
	if (*gap)
		putc('\n', out);
}

static void
print_lines(const struct table *table, const char *text, const size_t *moved, size_t count,
	    size_t room, FILE *out)
{
	for (size_t line = 0; *text; line++) {
		const size_t length = strcspn(text, "\n");

		if (line > 0 && line <= table->rows &&
		    !is_same_above(table, line - 1, moved, count))
			print_moved(table, line - 1, moved, count, true, room, out);
		fprintf(out, "%.*s\n", (int)length, text);
		if (line > 0 && line <= table->rows)
			print_moved(table, line - 1, moved, count, false, room, out);
		text += length + (text[length] == '\n');
	}
}

static int
print_human(const struct table *table, FILE *out, struct failure *why)
{
	const size_t room = table_layout_room(out), all = shown_count(table);
	size_t *list = calloc(2 * all + 1, sizeof(*list)), count = all;
	struct libscols_table *view = NULL;
	char *text = NULL;
	int rc = -1;

	for (size_t i = 0; list && i < all; i++)
		list[i] = shown(table, i);
	if (list && table->rows > 0 && room > 0)
		count = narrow(table, list, all, list + all, room);
	if (list && table->rows > 0)
		view = scols_new_table();
	/* No line is cut to a terminal's width: the ends of ids and names matter. */
	if (view && fill(view, table, list, count) == 0 &&
	    scols_table_set_termforce(view, SCOLS_TERMFORCE_NEVER) == 0 &&
	    scols_print_table_to_string(view, &text) == 0) {
		print_lines(table, text, list + all, all - count, room, out);
		rc = 0;
	}
	free(text);
	scols_unref_table(view);
	free(list);
	return rc == 0 || table->rows == 0 ? 0 : failure_set(why, "cannot print the table");
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

int
table_print_headed(const struct table *table, enum table_form form, FILE *out, struct failure *why)
{
	if (form != TABLE_HUMAN || table->rows > 0)
		return table_print(table, form, out, why);
	for (size_t i = 0; i < shown_count(table); i++)
		fprintf(out, "%s%s", i ? " " : "", heading(table, shown(table, i)));
	fputc('\n', out);
	return 0;
}
