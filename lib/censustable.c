#include "censustable.h"

#include "parse.h"

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

/* "2026-11-22T10:15:00.123456789Z" */
static void
add_instant(struct line *line, int64_t ns)
{
	const time_t seconds = (time_t)(ns / NS_PER_SECOND);
	char text[64];
	struct tm utc;
	size_t used;

	gmtime_r(&seconds, &utc);
	used = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + used, sizeof(text) - used, ".%09" PRId64 "Z", ns % NS_PER_SECOND);
	add_word(line, text);
}

static void
add_label(struct line *line, const struct label *label)
{
	add_word(line, label->engine);
	add_word(line, label->iface);
	add_word(line, label->side);
}

static void
fill_origin(struct line *line, const struct census_row *row)
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
fill_bin(struct line *line, const struct census *census, const struct census_bin *bin)
{
	add_instant(line, bin->start_ns);
	add_label(line, &census->rows[bin->row].label);
	add_number(line, bin->packets);
	add_number(line, bin->bytes);
}

struct table *
censustable_new(const struct census *census, bool by_bin, bool for_people, struct failure *why)
{
	static const struct table_column origins[] = {
	    {"ENGINE", TABLE_TEXT},    {"IFACE", TABLE_TEXT},   {"SIDE", TABLE_TEXT},
	    {"PACKETS", TABLE_NUMBER}, {"BYTES", TABLE_NUMBER}, {"DROPS", TABLE_NUMBER},
	    {"FIRST", TABLE_TEXT},     {"LAST", TABLE_TEXT}};
	static const struct table_column bins[] = {
	    {"TIME", TABLE_TEXT}, {"ENGINE", TABLE_TEXT},    {"IFACE", TABLE_TEXT},
	    {"SIDE", TABLE_TEXT}, {"PACKETS", TABLE_NUMBER}, {"BYTES", TABLE_NUMBER}};
	struct table *table =
	    by_bin ? table_new("bins", bins, 6) : table_new("origins", origins, 8);
	const size_t count = by_bin ? census->bin_count : census->row_count;

	if (!table)
		failure_set(why, "out of memory");
	for (size_t i = 0; table && i < count; i++) {
		struct line line = {.for_people = for_people};

		if (by_bin)
			fill_bin(&line, census, &census->bins[i]);
		else
			fill_origin(&line, &census->rows[i]);
		if (table_add(table, line.cells, why) < 0) {
			table_free(table);
			table = NULL;
		}
	}
	return table;
}
