#include "merge/summary_table.h"

#include "base/datetime.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CELL = 320, COLUMNS = 8 };

struct line {
	bool for_people;
	int count;
	const char *cells[COLUMNS];
	char texts[COLUMNS][CELL];
};

static void
add_word(struct line *line, const char *word)
{
	char *text = line->texts[line->count];

	line->cells[line->count++] = text;
	snprintf(text, CELL, "%s", word ? word : line->for_people ? "-" : "");
	for (; line->for_people && *text; text++)
		*text = *text == ' ' ? '_' : *text;
}

static void
add_number(struct line *line, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	add_word(line, number == STATISTICS_UNKNOWN ? NULL : text);
}

static void
add_instant(struct line *line, int64_t ns)
{
	char text[DATETIME_UTC];

	add_word(line, datetime_utc(ns, text));
}

static void
add_label(struct line *line, const struct label *label)
{
	add_word(line, label->engine);
	add_word(line, label->iface);
	add_word(line, label->side);
}

static void
fill_row(struct line *line, const struct summary_row *row)
{
	add_label(line, &row->label);
	add_number(line, row->packets);
	add_number(line, row->bytes);
	add_number(line, row->counters.dropped);
	if (row->packets) {
		add_instant(line, row->first_ns);
		add_instant(line, row->last_ns);
	} else {
		add_word(line, NULL);
		add_word(line, NULL);
	}
}

static void
fill_bin(struct line *line, const struct summary *summary, const struct summary_bin *bin)
{
	add_instant(line, bin->start_ns);
	add_label(line, &summary->rows[bin->row].label);
	add_number(line, bin->packets);
	add_number(line, bin->bytes);
}

static int
add_row(struct table *table, const struct summary_table_form *form, const struct summary_row *row,
	struct failure *why)
{
	struct line line = {.for_people = form->for_people};

	fill_row(&line, row);
	return table_add(table, line.cells, why);
}

/* The first row after i of another engine. */
static size_t
next_engine(const struct summary *summary, size_t i)
{
	const char *engine = summary->rows[i].label.engine;

	while (++i < summary->row_count && strcmp(summary->rows[i].label.engine, engine) == 0)
		;
	return i;
}

/* The first row after i of another interface, or end. */
static size_t
next_iface(const struct summary *summary, size_t i, size_t end)
{
	const char *iface = summary->rows[i].label.iface;

	while (++i < end && strcmp(summary->rows[i].label.iface, iface) == 0)
		;
	return i;
}

/* Adds the rows of an interface that have packets, with its drops on the first; if none has packets
 * but there were drops, its first row. Returns how many, -1: out of memory. */
static int
add_iface(struct table *table, const struct summary_table_form *form,
	  const struct summary_row *rows, size_t count, struct failure *why)
{
	/* The row without a side sorts before the others. */
	uint64_t dropped = rows->label.side ? STATISTICS_UNKNOWN : rows->counters.dropped;
	int added = 0;

	for (size_t i = 0; i < count; i++) {
		struct summary_row row = rows[i];

		if (row.packets == 0)
			continue;
		row.counters.dropped = added++ ? STATISTICS_UNKNOWN : dropped;
		if (add_row(table, form, &row, why) < 0)
			return -1;
	}
	if (added || dropped == 0 || dropped == STATISTICS_UNKNOWN)
		return added;
	return add_row(table, form, rows, why) < 0 ? -1 : 1;
}

/* Adds what has packets or drops, and a row for each engine that has neither. */
static int
add_busy_rows(struct table *table, const struct summary_table_form *form,
	      const struct summary *summary, struct failure *why)
{
	for (size_t i = 0, end; i < summary->row_count; i = end) {
		struct summary_row idle = {.label.engine = summary->rows[i].label.engine,
					   .counters.dropped = summary->rows[i].counters.dropped};
		int all = 0;

		end = next_engine(summary, i);
		for (size_t at = i, next; at < end; at = next) {
			int added;

			next = next_iface(summary, at, end);
			added = add_iface(table, form, &summary->rows[at], next - at, why);
			if (added < 0)
				return -1;
			all += added;
		}
		if (all == 0 && add_row(table, form, &idle, why) < 0)
			return -1;
	}
	return 0;
}

static int
add_rows(struct table *table, const struct summary_table_form *form, const struct summary *summary,
	 struct failure *why)
{
	for (size_t i = 0; i < summary->row_count; i++)
		if (add_row(table, form, &summary->rows[i], why) < 0)
			return -1;
	return 0;
}

static int
add_bins(struct table *table, const struct summary_table_form *form, const struct summary *summary,
	 struct failure *why)
{
	for (size_t i = 0; i < summary->bin_count; i++) {
		struct line line = {.for_people = form->for_people};

		fill_bin(&line, summary, &summary->bins[i]);
		if (table_add(table, line.cells, why) < 0)
			return -1;
	}
	return 0;
}

struct table *
summary_table_new(const struct summary *summary, const struct summary_table_form *form,
		  struct failure *why)
{
	static const struct table_column row_columns[] = {
	    {"ENGINE", TABLE_TEXT},    {"IFACE", TABLE_TEXT},   {"SIDE", TABLE_TEXT},
	    {"PACKETS", TABLE_NUMBER}, {"BYTES", TABLE_NUMBER}, {"DROPS", TABLE_NUMBER},
	    {"FIRST", TABLE_TEXT},     {"LAST", TABLE_TEXT}};
	static const struct table_column bin_columns[] = {
	    {"TIME", TABLE_TEXT}, {"ENGINE", TABLE_TEXT},    {"IFACE", TABLE_TEXT},
	    {"SIDE", TABLE_TEXT}, {"PACKETS", TABLE_NUMBER}, {"BYTES", TABLE_NUMBER}};
	struct table *table =
	    form->by_bin ? table_new("bins", bin_columns, 6) : table_new("origins", row_columns, 8);
	int rc;

	if (!table) {
		failure_nomem(why);
		return NULL;
	}
	if (form->by_bin)
		rc = add_bins(table, form, summary, why);
	else if (form->for_people && !form->all)
		rc = add_busy_rows(table, form, summary, why);
	else
		rc = add_rows(table, form, summary, why);
	if (rc < 0) {
		table_free(table);
		return NULL;
	}
	return table;
}
