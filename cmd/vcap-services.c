/*
 * vcap-services: lists the configured services; also checks the syntax of their files.
 */
#include "base/strvec.h"
#include "base/table.h"
#include "cli.h"
#include "controller/catalog.h"
#include "controller/config.h"
#include "controller/engine.h"
#include "filter/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command self = {
    .name = "vcap-services",
    .says = "Lists the services, and checks their files.",
    .examples = "vcap services\n",
    .synopsis = "[-j | -r] [-o columns]",
    .options = "  -j, --json            print JSON\n"
	       "  -o, --output columns  print these, separated by commas; +columns: these too\n"
	       "  -r, --raw             print a line a service, columns separated by tabs\n"
	       "\n"
	       "Columns: NAME VIPS SERVERS ENGINES NOTE ALIASES\n",
};

static const struct table_column columns[] = {
    {"NAME"},
    {"VIPS", TABLE_TEXT, TABLE_BELOW, 4},
    {"SERVERS", TABLE_TEXT, TABLE_BELOW, 3},
    {"ENGINES", TABLE_TEXT, TABLE_BELOW, 2},
    {"NOTE", TABLE_TEXT, TABLE_BELOW, 1},
    {"ALIASES", TABLE_TEXT, TABLE_BELOW, 1},
};

/* Scripts have had these four columns since 0.1.0. */
static const char *const usual[] = {[TABLE_HUMAN] = "NAME,VIPS,SERVERS,ENGINES,NOTE",
				    [TABLE_RAW] = "NAME,VIPS,SERVERS,ENGINES",
				    [TABLE_JSON] = "NAME,VIPS,SERVERS,ENGINES,NOTE,ALIASES"};

static char *
endpoints(const struct endpoint *list, size_t count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out && i < count; i++) {
		fputs(i ? ", " : "", out);
		endpoint_print(&list[i], out);
	}
	if (!out || fclose(out) != 0)
		die("out of memory");
	return text;
}

/* The engines' names; warns of those that the engines file lacks, unless known is NULL. */
static char *
engine_names(const struct service *service, const struct engines *known, int *status)
{
	const struct strvec names = {.list = service->engines, .count = service->engine_count};
	struct failure why = FAILURE_INIT;

	for (size_t i = 0; known && i < service->engine_count; i++)
		if (!engines_find(known, service->engines[i], &why)) {
			warn("service '%s': %s", service->name, why.text);
			*status = EXIT_MISUSE;
		}
	return strvec_join(&names, ",");
}

static void
add_service(struct table *table, const struct catalog *catalog,
	    const struct catalog_service *listed, const struct engines *known, int *status)
{
	const struct service *service = &listed->service;
	struct failure why = FAILURE_INIT;
	const char *cells[] = {listed->name, NULL, NULL, NULL, NULL, NULL};
	struct strvec remarks = STRVEC_INIT;

	if (!listed->is_valid) {
		warn("%s", listed->why.text);
		*status = EXIT_MISUSE;
		return;
	}
	catalog_notes(catalog, service, &remarks);
	cells[1] = endpoints(service->vips, service->vip_count);
	cells[2] = endpoints(service->servers, service->server_count);
	cells[3] = engine_names(service, known, status);
	cells[4] = strvec_join(&remarks, "; ");
	cells[5] = strvec_join(&service->aliases, ", ");
	if (!cells[3] || !cells[4] || !cells[5] || table_add(table, cells, &why) < 0)
		die("%s", why.text[0] ? why.text : "out of memory");
	for (size_t i = 1; i < sizeof(cells) / sizeof(*cells); i++)
		free((char *)cells[i]);
	strvec_release(&remarks);
}

int
main(int argc, char **argv)
{
	struct engines engines = ENGINES_INIT, *known;
	struct failure why = FAILURE_INIT;
	int status;
	struct catalog catalog;
	enum table_form form;
	struct table *table;
	const char *chosen = NULL;

	cli_start(&self);
	form = cli_form_of_columns(argc, argv, &chosen);
	table = table_new("services", columns, sizeof(columns) / sizeof(*columns));
	if (!table || table_choose(table, usual[form], &why) < 0)
		die("out of memory");
	if (chosen && table_choose(table, chosen, &why) < 0)
		die_usage("%s (try --help)", why.text);
	if (catalog_load(&catalog, getenv, &why) < 0)
		die_usage("%s", why.text);
	known = engines_load(&engines, getenv, &why) == 0 ? &engines : NULL;
	status = known ? EXIT_DONE : EXIT_MISUSE;
	if (!known)
		warn("%s", why.text);
	for (size_t i = 0; i < catalog.count; i++)
		add_service(table, &catalog, &catalog.list[i], known, &status);
	if (table_print(table, form, stdout, &why) < 0)
		die("%s", why.text);
	return cli_finish(status);
}
