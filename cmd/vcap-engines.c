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
    .says = "Lists the engines, and checks their file.",
    .examples = "vcap engines\nvcap engines -r -o NAME,WHERE\n",
    .synopsis = "[-j | -r] [-o columns]",
    .options = "  -j, --json            print JSON\n"
	       "  -o, --output columns  print these, separated by commas; +columns: these too\n"
	       "  -r, --raw             print a line an engine, columns separated by tabs\n"
	       "\n"
	       "Columns: NAME TRANSPORT WHERE DIR INTERFACES BIN\n",
};

/* The columns printed by default. */
#define USUAL "NAME,TRANSPORT,WHERE,DIR,INTERFACES"
static const char *const usual[] = {USUAL, USUAL, USUAL};

static const struct table_column columns[] = {
    {"NAME"},
    {"TRANSPORT"},
    {"WHERE", TABLE_TEXT, TABLE_BELOW, 1},
    {"DIR"},
    {"INTERFACES", TABLE_TEXT, TABLE_BELOW, 2},
    {"BIN"},
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

int
main(int argc, char **argv)
{
	struct engines engines = ENGINES_INIT;
	struct failure why = FAILURE_INIT;
	enum table_form form;
	struct table *table;
	const char *chosen = NULL;

	cli_start(&self);
	form = cli_form_of_columns(argc, argv, &chosen);
	table = table_new("engines", columns, sizeof(columns) / sizeof(*columns));
	if (!table || table_choose(table, usual[form], &why) < 0)
		die("out of memory");
	if (chosen && table_choose(table, chosen, &why) < 0)
		die_usage("%s (try --help)", why.text);
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
