/*
 * vcap-check: checks before a capture whether engines are able to: reachability, version,
 * privilege, interfaces, where the VIPs are, disk space, clock; and what is left of captures.
 */
#include "base/table.h"
#include "cli.h"
#include "controller/config.h"
#include "controller/enginecheck.h"
#include "controller/enginecheck_table.h"
#include "filter/service.h"

#include <stdio.h>
#include <stdlib.h>

#define JOBS 32

static const struct command self = {
    .name = "vcap-check",
    .says = "Checks whether engines can capture, before one does.",
    .examples = "vcap check shop\nvcap check lb1 lb2\n",
    .synopsis = "[-j | -r] [service | engine ...]",
    .options = "  -j, --json     print JSON\n"
	       "  -r, --raw      print a line an engine, columns separated by tabs\n",
};

/* The engines to check, in the order of the arguments. */
struct checks {
	struct enginecheck *list;
	size_t count;
};

static struct enginecheck *
add_engine(struct checks *checks, const struct engine *engine)
{
	for (size_t i = 0; i < checks->count; i++)
		if (checks->list[i].engine == engine)
			return &checks->list[i];
	checks->list = xrealloc(checks->list, (checks->count + 1) * sizeof(*checks->list));
	checks->list[checks->count] = ENGINECHECK_INIT;
	checks->list[checks->count].engine = engine;
	return &checks->list[checks->count++];
}

/* All engines of the service, each with the service's VIPs. */
static void
add_service(struct checks *checks, const struct service *service, const struct engines *known)
{
	for (size_t i = 0; i < service->engine_count; i++) {
		struct failure why = FAILURE_INIT;
		const struct engine *engine = engines_find(known, service->engines[i], &why);
		struct enginecheck *check;

		if (!engine)
			die_usage("service '%s': %s", service->name, why.text);
		check = add_engine(checks, engine);
		enginecheck_add_vips(&check->addresses, service);
		if (check->addresses.failed)
			die("out of memory");
	}
	if (service->engine_count == 0)
		die_usage("service '%s' has no engine", service->name);
}

static void
add_word(struct checks *checks, const char *word, const struct engines *known)
{
	const struct engine *engine = engines_find(known, word, NULL);
	struct service service = SERVICE_INIT;
	struct failure why = FAILURE_INIT;

	if (config_service_load(&service, word, getenv, &why) == 0) {
		add_service(checks, &service, known);
		service_release(&service);
	} else if (engine) {
		add_engine(checks, engine);
	} else {
		die_usage("%s", why.text);
	}
}

static struct checks
choose(char **words, const struct engines *known)
{
	struct checks checks = {0};

	for (char **word = words; *word; word++)
		add_word(&checks, *word, known);
	for (size_t i = 0; !*words && i < known->count; i++)
		add_engine(&checks, &known->list[i]);
	if (checks.count == 0)
		die("the engines file has no engine");
	return checks;
}

/* Prints the table, and returns how many engines are ready. */
static size_t
print(const struct checks *checks, enum table_form form)
{
	struct failure why = FAILURE_INIT;
	struct table *table =
	    enginecheck_table_new(checks->list, checks->count, form == TABLE_HUMAN, &why);
	size_t ready = 0;

	if (!table || table_print(table, form, stdout, &why) < 0)
		die("%s", why.text);
	table_free(table);
	for (size_t i = 0; i < checks->count; i++)
		ready += checks->list[i].is_ready;
	return ready;
}

static void
tell_remains(const struct checks *checks, const struct engines *known)
{
	struct strvec remarks = STRVEC_INIT;

	enginechecks_remains(checks->list, checks->count, known, getenv, &remarks);
	warn_lines(strvec_join(&remarks, "\n"));
}

int
main(int argc, char **argv)
{
	struct engines known = ENGINES_INIT;
	struct failure why = FAILURE_INIT;
	enum table_form form;
	struct checks checks;
	size_t ready;

	cli_start(&self);
	form = cli_form(argc, argv);
	if (engines_load(&known, getenv, &why) < 0)
		die_usage("%s", why.text);
	checks = choose(argv + optind, &known);
	cli_siblings_first();
	if (enginechecks_run(checks.list, checks.count, JOBS, &why) < 0 ||
	    enginechecks_try(checks.list, checks.count, JOBS, &why) < 0)
		die("%s", why.text);
	ready = print(&checks, form);
	tell_remains(&checks, &known);
	return cli_finish(ready == checks.count ? EXIT_DONE : ready ? EXIT_PARTIAL : EXIT_FAILED);
}
