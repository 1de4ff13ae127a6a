/* vcap-stat: what a capture holds, by engine, interface and side. */
#include "cli.h"

#include "census.h"
#include "inputs.h"
#include "merge.h"
#include "parse.h"
#include "priv.h"
#include "table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct command self = {
    .name = "vcap-stat",
    .synopsis = "[-j] [-b bin] file",
    .options = "  -b, --bin bin  count in bins of this length, such as 1s or 200ms\n"
	       "  -j, --json     print JSON\n"
	       "      --help     show this help\n"
	       "      --version  show the version\n",
};

struct options {
	int64_t bin_ns; /* 0: none */
	bool json;
	const char *file;
};

static struct options
parse_options(int argc, char **argv)
{
	static const struct option known[] = {
	    {"bin", required_argument, NULL, 'b'}, {"json", no_argument, NULL, 'j'}, CLI_OPTIONS};
	struct options options = {0};
	struct failure why;
	int opt;

	while ((opt = getopt_long(argc, argv, ":b:j", known, NULL)) != -1)
		switch (opt) {
		case 'b':
			if (parse_duration(optarg, NS_PER_SECOND, &options.bin_ns, &why) < 0)
				die_usage("%s", why.text);
			if (options.bin_ns == 0)
				die_usage("a bin of '%s' has no length", optarg);
			break;
		case 'j': options.json = true; break;
		default: cli_option(opt, argv);
		}
	if (optind + 1 != argc)
		die_usage(optind == argc ? "no file given (try --help)"
					 : "more than one file given");
	options.file = argv[optind];
	return options;
}

/* A cell that holds nothing is `-` to look at, so that awk counts the columns right, and empty in
 * JSON; for the same reason a name to look at has no blanks. */
static char *
cell(const struct options *options, char *text)
{
	if (!text)
		return options->json ? NULL : xstrdup("-");
	for (char *c = text; !options->json && *c; c++)
		*c = *c == ' ' ? '_' : *c;
	return text;
}

static char *
word(const struct options *options, const char *text)
{
	return cell(options, text ? xstrdup(text) : NULL);
}

static char *
number(const struct options *options, uint64_t value)
{
	return cell(options, value == STATISTICS_UNKNOWN ? NULL : xasprintf("%" PRIu64, value));
}

/* "2026-11-22T10:15:00.123456789Z" */
static char *
instant(int64_t ns)
{
	time_t seconds = (time_t)(ns / NS_PER_SECOND);
	char text[64];
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	return xasprintf("%s.%09" PRId64 "Z", text, ns % NS_PER_SECOND);
}

/* Takes over the cells. */
static void
add_line(struct table *table, char **cells, size_t count)
{
	struct failure why;

	if (table_add(table, (const char *const *)cells, &why) < 0)
		die("%s", why.text);
	for (size_t i = 0; i < count; i++)
		free(cells[i]);
}

static void
add_rows(struct table *table, const struct census *census, const struct options *o)
{
	for (size_t i = 0; i < census->row_count; i++) {
		const struct census_row *row = &census->rows[i];
		char *cells[] = {
		    word(o, row->label.engine),
		    word(o, row->label.iface),
		    word(o, row->label.side),
		    number(o, row->packets),
		    number(o, row->bytes),
		    number(o, row->counters.dropped),
		    cell(o, row->packets ? instant(row->first_ns) : NULL),
		    cell(o, row->packets ? instant(row->last_ns) : NULL),
		};

		add_line(table, cells, sizeof(cells) / sizeof(*cells));
	}
}

static void
add_bins(struct table *table, const struct census *census, const struct options *o)
{
	for (size_t i = 0; i < census->bin_count; i++) {
		const struct census_bin *bin = &census->bins[i];
		const struct label *label = &census->rows[bin->row].label;
		char *cells[] = {instant(bin->start_ns),  word(o, label->engine),
				 word(o, label->iface),   word(o, label->side),
				 number(o, bin->packets), number(o, bin->bytes)};

		add_line(table, cells, sizeof(cells) / sizeof(*cells));
	}
}

static void
print(const struct census *census, const struct options *options)
{
	static const struct table_column rows[] = {
	    {"ENGINE", TABLE_TEXT},    {"IFACE", TABLE_TEXT},   {"SIDE", TABLE_TEXT},
	    {"PACKETS", TABLE_NUMBER}, {"BYTES", TABLE_NUMBER}, {"DROPS", TABLE_NUMBER},
	    {"FIRST", TABLE_TEXT},     {"LAST", TABLE_TEXT}};
	static const struct table_column bins[] = {
	    {"TIME", TABLE_TEXT}, {"ENGINE", TABLE_TEXT},    {"IFACE", TABLE_TEXT},
	    {"SIDE", TABLE_TEXT}, {"PACKETS", TABLE_NUMBER}, {"BYTES", TABLE_NUMBER}};
	struct table *table =
	    options->bin_ns ? table_new("bins", bins, 6) : table_new("origins", rows, 8);
	struct failure why;

	if (!table)
		die("out of memory");
	if (options->bin_ns)
		add_bins(table, census, options);
	else
		add_rows(table, census, options);
	if (table_print(table, options->json ? TABLE_JSON : TABLE_HUMAN, stdout, &why) < 0)
		die("%s", why.text);
	table_free(table);
}

int
main(int argc, char **argv)
{
	struct inputs inputs = INPUTS_INIT;
	struct census census = CENSUS_INIT;
	struct options options;
	struct failure why;
	struct merge *merge;
	int status = EXIT_DONE;

	cli_start(&self);
	options = parse_options(argc, argv);
	if (priv_drop_all(&why) < 0)
		die("%s", why.text);
	merge = merge_new(&why);
	if (!merge || inputs_add(&inputs, options.file, &why) < 0 ||
	    inputs_open(&inputs, &why) < 0 || inputs_merge(&inputs, merge, &why) < 0)
		die("%s", why.text);
	merge_mix_linktypes(merge);
	if (merge_start(merge, &why) < 0 ||
	    census_take(&census, merge_source(merge), options.bin_ns, &why) < 0)
		die("%s", why.text);
	print(&census, &options);
	for (size_t i = 0; i < inputs.count; i++)
		if (inputs_damage(&inputs, merge, i, &why)) {
			warn("%s", why.text);
			status = EXIT_PARTIAL;
		}
	merge_free(merge);
	inputs_release(&inputs);
	census_release(&census);
	return cli_finish(status);
}
