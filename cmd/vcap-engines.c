/*
 * vcap-engines: the engines that are configured, and so a check of their file.
 */
#include "cli.h"
#include "engine.h"
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command self = {
    .name = "vcap-engines",
    .synopsis = "[-j | -r]",
    .options = "  -j, --json     print JSON\n"
	       "  -r, --raw      print a line an engine, columns separated by tabs\n"
	       "      --help     show this help\n"
	       "      --version  show the version\n",
};

static const struct table_column columns[] = {
    {"NAME"}, {"TRANSPORT"}, {"WHERE"}, {"DIR"}, {"INTERFACES"},
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
	const char *cells[] = {engine->name, engine_transport_name(engine->transport), where,
			       engine->directory, interfaces};

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

	cli_start(&self);
	form = cli_form(argc, argv);
	if (optind < argc)
		die_usage("takes no argument, but there is '%s'", argv[optind]);
	if (engines_load(&engines, getenv, &why) < 0)
		die_usage("%s", why.text);
	table = table_new("engines", columns, sizeof(columns) / sizeof(*columns));
	if (!table)
		die("out of memory");
	for (size_t i = 0; i < engines.count; i++)
		add_engine(table, &engines.list[i]);
	if (table_print(table, form, stdout, &why) < 0)
		die("%s", why.text);
	table_free(table);
	engines_release(&engines);
	return cli_finish(EXIT_DONE);
}
