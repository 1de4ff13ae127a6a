/*
 * vcap-ls: the captures in the spool. It reads the spool's files and asks nobody.
 */
#include "cli.h"
#include "spool.h"
#include "table.h"
#include "text.h"
#include "words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command self = {
    .name = "vcap-ls",
    .synopsis = "[-j | -r] [capture]",
    .options = "  -j, --json     print JSON\n"
	       "  -r, --raw      print a line a capture, columns separated by tabs\n"
	       "      --help     show this help\n"
	       "      --version  show the version\n",
};

/* For people. Scripts get MISSING as a column of its own, and JSON the message as well. */
static const struct table_column human_columns[] = {
    {"DATE"},
    {"SERVICE"},
    {"SIZE", TABLE_NUMBER},
    {"PACKETS", TABLE_NUMBER},
    {"DROPS", TABLE_NUMBER},
    {"ENGINES"},
    {"STATE"},
    {"ID"},
};
static const struct table_column script_columns[] = {
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
enum { HUMAN_WIDTH = 8, RAW_WIDTH = 9, JSON_WIDTH = 11 };

static const char *
parse_options(int argc, char **argv, enum table_form *form)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'}, {"raw", no_argument, NULL, 'r'}, CLI_OPTIONS};
	int opt;

	*form = TABLE_HUMAN;
	while ((opt = getopt_long(argc, argv, ":jr", options, NULL)) != -1) {
		switch (opt) {
		case 'j': *form = TABLE_JSON; break;
		case 'r': *form = TABLE_RAW; break;
		default: cli_option(opt, argv);
		}
	}
	if (argc - optind > 1)
		die_usage("takes one capture or service, but there is '%s' too", argv[optind + 1]);
	return argv[optind];
}

/* What has been counted so far: at the end the file's, before that the engines'. */
static uint64_t
counter(const struct entry *entry, const char *key)
{
	struct words names = entry_engines(entry);
	uint64_t sum = 0;

	if (keyval_get(&entry->facts, key)) {
		sum = keyval_number(&entry->facts, key, 0);
	} else {
		for (size_t i = 0; i < names.count; i++) {
			struct keyval state;

			if (entry_load_engine(entry, names.list[i], &state, NULL) < 0)
				continue;
			sum += keyval_number(&state, key, 0);
			keyval_release(&state);
		}
	}
	words_free(words_finish(&names));
	return sum;
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
	char *date = date_of(entry->id), *size = size_text(counter(entry, "size"), form);
	char *service = xasprintf("%.*s", (int)(strlen(entry->id) - SPOOL_TIME - 1), entry->id);
	char *packets = xasprintf("%" PRIu64, counter(entry, "packets"));
	char *drops = xasprintf("%" PRIu64, counter(entry, "dropped"));
	char *engines = engine_list(entry, false), *missing = engine_list(entry, true);
	char *both = xasprintf("%s%s%s%s", engines, *missing ? " (missing " : "", missing,
			       *missing ? ")" : "");
	const char *message = keyval_get(&entry->facts, "message");
	const char *human[] = {date, service, size, packets, drops, both, state, entry->id};
	const char *script[] = {date,
				service,
				size,
				packets,
				drops,
				engines,
				missing,
				state,
				entry->id,
				message,
				keyval_get(&entry->facts, "clocks")};
	struct failure why = FAILURE_INIT;

	if (table_add(table, form == TABLE_HUMAN ? human : script, &why) < 0)
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
new_table(enum table_form form)
{
	const struct table_column *columns = form == TABLE_HUMAN ? human_columns : script_columns;
	size_t width = form == TABLE_HUMAN ? HUMAN_WIDTH
		       : form == TABLE_RAW ? RAW_WIDTH
					   : JSON_WIDTH;
	struct table *table = table_new("captures", columns, width);

	if (!table)
		die("out of memory");
	return table;
}

int
main(int argc, char **argv)
{
	struct spool spool = SPOOL_INIT;
	struct failure why = FAILURE_INIT;
	enum table_form form;
	struct table *table;
	const char *word;
	char **ids;

	cli_start(&self);
	word = parse_options(argc, argv, &form);
	if (spool_open(&spool, getenv, &why) < 0 || spool_list(&spool, word, &ids, &why) < 0)
		die("%s", why.text);
	table = new_table(form);
	add_all(table, &spool, ids, form);
	if (table_print(table, form, stdout, &why) < 0)
		die("%s", why.text);
	table_free(table);
	spool_list_free(ids);
	spool_close(&spool);
	return cli_finish(EXIT_DONE);
}
