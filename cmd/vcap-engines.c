/*
 * vcap-engines: lists the configured engines; also checks the syntax of the engines file.
 */
#include "base/table.h"
#include "cli.h"
#include "controller/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command self = {
    .name = "vcap-engines",
    .synopsis = "[-j | -r] [-o columns]",
    .options = "  -j, --json            print JSON\n"
	       "  -o, --output columns  print these, separated by commas; +columns: these too\n"
	       "  -r, --raw             print a line an engine, columns separated by tabs\n"
	       "      --help            show this help\n"
	       "      --version         show the version\n"
	       "\n"
	       "Columns: NAME TRANSPORT WHERE DIR INTERFACES BIN\n",
};

/* The columns printed by default. */
#define USUAL "NAME,TRANSPORT,WHERE,DIR,INTERFACES"

static const struct table_column columns[] = {
    {"NAME"}, {"TRANSPORT"}, {"WHERE"}, {"DIR"}, {"INTERFACES"}, {"BIN"},
};

/* The words with a separator between them. Heap. */
static char *
joined(char *const *words, const char *separator)
{
	char *text = xstrdup("");

	for (; words && *words; words++) {
		char *longer = xasprintf("%s%s%s", text, *text ? separator : "", *words);

		free(text);
		text = longer;
	}
	return text;
}

static void
add_engine(struct table *table, const struct engine *engine)
{
	char *where = joined(engine->words, " ");
	char *interfaces = joined(engine->interfaces, ",");
	struct failure why = FAILURE_INIT;
	const char *cells[] = {engine->name, engine_transport_name(engine->transport),
			       where,        engine->directory,
			       interfaces,   engine->bin};

	if (table_add(table, cells, &why) < 0)
		die("%s", why.text);
	free(where);
	free(interfaces);
}

/* An empty table with the chosen columns. */
static struct table *
parse_options(int argc, char **argv, enum table_form *form)
{
	static const struct option known[] = {{"json", no_argument, NULL, 'j'},
					      {"output", required_argument, NULL, 'o'},
					      {"raw", no_argument, NULL, 'r'},
					      CLI_OPTIONS};
	struct table *table = table_new("engines", columns, sizeof(columns) / sizeof(*columns));
	struct failure why = FAILURE_INIT;
	int opt;

	if (!table || table_choose(table, USUAL, &why) < 0)
		die("out of memory");
	*form = TABLE_HUMAN;
	while ((opt = getopt_long(argc, argv, ":jo:r", known, NULL)) != -1) {
		switch (opt) {
		case 'j': *form = TABLE_JSON; break;
		case 'o':
			if (table_choose(table, optarg, &why) < 0)
				die_usage("%s (try --help)", why.text);
			break;
		case 'r': *form = TABLE_RAW; break;
		default: cli_option(opt, argv);
		}
	}
	if (optind < argc)
		die_usage("unexpected argument '%s'", argv[optind]);
	return table;
}

int
main(int argc, char **argv)
{
	struct engines engines = ENGINES_INIT;
	struct failure why = FAILURE_INIT;
	enum table_form form;
	struct table *table;

	cli_start(&self);
	table = parse_options(argc, argv, &form);
	if (engines_load(&engines, getenv, &why) < 0)
		die_usage("%s", why.text);
	for (size_t i = 0; i < engines.count; i++)
		add_engine(table, &engines.list[i]);
	if (table_print(table, form, stdout, &why) < 0)
		die("%s", why.text);
	table_free(table);
	engines_release(&engines);
	return cli_finish(EXIT_DONE);
}
