/*
 * vcap-check: checks before a capture whether engines are able to: reachability, version,
 * privilege, interfaces, where the VIPs are, disk space, clock; and what is left of captures.
 */
#include "base/table.h"
#include "cli.h"
#include "controller/checklist.h"
#include "controller/enginecheck_table.h"

#include <stdio.h>
#include <stdlib.h>

#define JOBS 32

static const struct command self = {
    .name = "vcap-check",
    .says = "Checks whether engines can capture, before one does.",
    .examples = "vcap check shop\nvcap check lb1 lb2\n",
    .synopsis = "[-j | -r] [-lv] [service | engine ...]",
    .options = "  -j, --json     print JSON\n"
	       "  -l, --losses   also what the engines lose right now\n"
	       "  -r, --raw      print a line an engine, columns separated by tabs\n"
	       "  -v, --verbose  also kernel, architecture and SELinux\n",
};

struct options {
	enum table_form form;
	enum enginecheck_columns columns; /* for people */
	bool losses;
};

static struct options
parse_options(int argc, char **argv)
{
	static const struct option known[] = {{"json", no_argument, NULL, 'j'},
					      {"losses", no_argument, NULL, 'l'},
					      {"raw", no_argument, NULL, 'r'},
					      {"verbose", no_argument, NULL, 'v'},
					      CLI_OPTIONS};
	struct options options = {.form = TABLE_HUMAN};
	int opt;

	while ((opt = getopt_long(argc, argv, ":jlrv", known, NULL)) != -1)
		switch (opt) {
		case 'j': options.form = TABLE_JSON; break;
		case 'l': options.losses = true; break;
		case 'r': options.form = TABLE_RAW; break;
		case 'v': options.columns = ENGINECHECK_HOSTS; break;
		default: cli_option(opt, argv);
		}
	return options;
}

/* Has the engines answer, at most JOBS at a time. */
static void
ask(struct checklist *checks, const struct options *options)
{
	struct failure why = FAILURE_INIT;

	if (enginechecks_run(checks->list, checks->count, JOBS, &why) < 0 ||
	    enginechecks_try(checks->list, checks->count, JOBS, &why) < 0 ||
	    (options->losses && enginechecks_losses(checks->list, checks->count, JOBS, &why) < 0))
		die("%s", why.text);
}

/* Prints the table, and returns how many engines are ready. */
static size_t
print(const struct checklist *checks, const struct options *options)
{
	struct failure why = FAILURE_INIT;
	struct table *table = enginecheck_table_new(
	    checks->list, checks->count,
	    options->form == TABLE_HUMAN ? options->columns : ENGINECHECK_ALL, &why);
	size_t ready = 0;

	if (!table || table_print(table, options->form, stdout, &why) < 0)
		die("%s", why.text);
	table_free(table);
	for (size_t i = 0; i < checks->count; i++)
		ready += checks->list[i].is_ready;
	return ready;
}

static void
tell_remains(const struct checklist *checks, const struct engines *known)
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
	struct checklist checks = CHECKLIST_INIT;
	struct options options;
	size_t ready;

	cli_start(&self);
	options = parse_options(argc, argv);
	if (engines_load(&known, getenv, &why) < 0 ||
	    checklist_choose(&checks, argv + optind, &known, getenv, &why) < 0)
		die_usage("%s", why.text);
	if (checks.count == 0)
		die("the engines file has no engine");
	cli_siblings_first();
	ask(&checks, &options);
	ready = print(&checks, &options);
	tell_remains(&checks, &known);
	return cli_finish(ready == checks.count ? EXIT_DONE : ready ? EXIT_PARTIAL : EXIT_FAILED);
}
