/*
 * vcap-ls: the captures in the spool. It reads the spool's files and asks nobody.
 */
#include "cli.h"
#include "spool.h"
#include "table.h"
#include "text.h"
#include "words.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS "DATE SERVICE SIZE PACKETS DROPS ENGINES MISSING STATE ID MESSAGE CLOCKS"

static const struct command self = {
    .name = "vcap-ls",
    .synopsis = "[-j | -r] [-o columns] [capture]",
    .options = "  -j, --json            print JSON\n"
	       "  -o, --output columns  print these, separated by commas; +columns: these too\n"
	       "  -r, --raw             print a line a capture, columns separated by tabs\n"
	       "      --help            show this help\n"
	       "      --version         show the version\n"
	       "\n"
	       "Columns: " COLUMNS "\n",
};

static const struct table_column columns[] = {
    {"DATE"},
    {"SERVICE"},
    {"SIZE", TABLE_NUMBER},
    {"PACKETS", TABLE_NUMBER},
    {"DROPS", TABLE_NUMBER},
    {"ENGINES"},
    {"MISSING"},
    {"STATE"},
    {"ID"},
    {"MESSAGE"},
    {"CLOCKS"},
};
enum { WIDTH = sizeof(columns) / sizeof(*columns) };

/* What is printed unless something else is asked for. People see who is missing with ENGINES. */
static const char *const usual_columns[] = {
    [TABLE_HUMAN] = "DATE,SERVICE,SIZE,PACKETS,DROPS,ENGINES,STATE,ID",
    [TABLE_RAW] = "DATE,SERVICE,SIZE,PACKETS,DROPS,ENGINES,MISSING,STATE,ID",
    [TABLE_JSON] = NULL, /* all of them */
};

struct options {
	enum table_form form;
	const char *columns; /* NULL: the usual ones */
	const char *word;    /* a capture or a service; NULL: all */
};

static struct options
parse_options(int argc, char **argv)
{
	static const struct option known[] = {{"json", no_argument, NULL, 'j'},
					      {"output", required_argument, NULL, 'o'},
					      {"raw", no_argument, NULL, 'r'},
					      CLI_OPTIONS};
	struct options options = {.form = TABLE_HUMAN};
	int opt;

	while ((opt = getopt_long(argc, argv, ":jo:r", known, NULL)) != -1) {
		switch (opt) {
		case 'j': options.form = TABLE_JSON; break;
		case 'o': options.columns = optarg; break;
		case 'r': options.form = TABLE_RAW; break;
		default: cli_option(opt, argv);
		}
	}
	if (argc - optind > 1)
		die_usage("takes one capture or service, but there is '%s' too", argv[optind + 1]);
	options.word = argv[optind];
	return options;
}

/* The capture's engines that take part, or those that do not. */
static char *
engine_list(const struct entry *entry, bool missing)
{
	struct words all = entry_engines(entry), present = entry_participants(entry);
	struct words chosen = WORDS_INIT;
	char *text;

	for (size_t i = 0; i < all.count; i++)
		if (words_has(&present, all.list[i]) != missing)
			words_add(&chosen, all.list[i]);
	text = words_join(&chosen, ",");
	words_free(words_finish(&all));
	words_free(words_finish(&present));
	words_free(words_finish(&chosen));
	return text ? text : xstrdup("");
}

static char *
size_text(uint64_t size, enum table_form form)
{
	char text[TEXT_SIZE];

	return form == TABLE_HUMAN ? xstrdup(text_size(size, text)) : xasprintf("%" PRIu64, size);
}

/* YYYY-MM-DD HH:MM:SS of YYYYMMDD_HHMMSS at the end of an id. */
static char *
date_of(const char *id)
{
	const char *t = id + strlen(id) - SPOOL_TIME;

	return xasprintf("%.4s-%.2s-%.2s %.2s:%.2s:%.2s", t, t + 4, t + 6, t + 9, t + 11, t + 13);
}

static void
add_capture(struct table *table, const struct entry *entry, const char *state, enum table_form form)
{
	char *date = date_of(entry->id), *size = size_text(entry_counter(entry, "size"), form);
	char *service = xasprintf("%.*s", (int)(strlen(entry->id) - SPOOL_TIME - 1), entry->id);
	char *packets = xasprintf("%" PRIu64, entry_counter(entry, "packets"));
	char *drops = xasprintf("%" PRIu64, entry_counter(entry, "dropped"));
	char *engines = engine_list(entry, false), *missing = engine_list(entry, true);
	char *both = xasprintf("%s%s%s%s", engines, *missing ? " (missing " : "", missing,
			       *missing ? ")" : "");
	const bool in_one = form == TABLE_HUMAN && !table_shows(table, "MISSING");
	const char *cells[WIDTH] = {date,
				    service,
				    size,
				    packets,
				    drops,
				    in_one ? both : engines,
				    missing,
				    state,
				    entry->id,
				    keyval_get(&entry->facts, "message"),
				    keyval_get(&entry->facts, "clocks")};
	struct failure why = FAILURE_INIT;

	if (table_add(table, cells, &why) < 0)
		die("%s", why.text);
	for (char **text =
		 (char *[]){date, size, service, packets, drops, engines, missing, both, NULL};
	     *text; text++)
		free(*text);
}

/* Oldest first. One whose facts cannot be read is there nevertheless. */
static void
add_all(struct table *table, const struct spool *spool, char **ids, enum table_form form)
{
	size_t count = 0;

	while (ids[count])
		count++;
	while (count-- > 0) {
		struct entry entry;
		struct failure why = FAILURE_INIT;

		if (spool_find(spool, ids[count], &entry, &why) == 0) {
			add_capture(table, &entry, entry_state(&entry), form);
			entry_close(&entry);
		} else {
			warn("%s", why.text);
		}
	}
}

static struct table *
new_table(const struct options *options)
{
	struct table *table = table_new("captures", columns, WIDTH);
	struct failure why = FAILURE_INIT;

	if (!table || (usual_columns[options->form] &&
		       table_choose(table, usual_columns[options->form], &why) < 0))
		die("out of memory");
	if (options->columns && table_choose(table, options->columns, &why) < 0)
		die_usage("%s (try --help)", why.text);
	return table;
}

int
main(int argc, char **argv)
{
	struct spool spool = SPOOL_INIT;
	struct failure why = FAILURE_INIT;
	struct options options;
	struct table *table;
	char **ids;

	cli_start(&self);
	options = parse_options(argc, argv);
	table = new_table(&options);
	if (spool_open(&spool, getenv, &why) < 0 ||
	    spool_list(&spool, options.word, &ids, &why) < 0)
		die("%s", why.text);
	add_all(table, &spool, ids, options.form);
	if (table_print(table, options.form, stdout, &why) < 0)
		die("%s", why.text);
	table_free(table);
	spool_list_free(ids);
	spool_close(&spool);
	return cli_finish(EXIT_DONE);
}
