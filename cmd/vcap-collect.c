/*
 * vcap-collect: lists what engines still have of captures, or completes captures with it, as far as
 * vcap-wait can.
 */
#include "base/process.h"
#include "base/strvec.h"
#include "base/table.h"
#include "cli.h"
#include "controller/engine.h"
#include "controller/remains.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-collect",
    .says = "Lists what engines still have of captures, and fetches it.",
    .examples = "vcap collect\nvcap collect shop.20260131_093000\n",
    .synopsis = "[-j | -r] [-E list]\n"
		"[--quiet] capture ...",
    .options = "  capture ...         fetches what engines still have of these\n"
	       "\n"
	       "  -E, --engines list  list what these have, separated by commas (all engines)\n"
	       "  -j, --json          print JSON\n"
	       "  -r, --raw           print a line a part, columns separated by tabs\n"
	       "      --quiet         print only errors and the paths\n",
};

struct request {
	const char *list;
	char *const *captures; /* NULL-ended */
	enum table_form form;
	bool is_quiet;
};

static struct request
parse_options(int argc, char **argv)
{
	enum { QUIET = 0x100 };
	static const struct option options[] = {{"engines", required_argument, NULL, 'E'},
						{"json", no_argument, NULL, 'j'},
						{"quiet", no_argument, NULL, QUIET},
						{"raw", no_argument, NULL, 'r'},
						CLI_OPTIONS};
	struct request request = {.form = TABLE_HUMAN};
	int opt;

	while ((opt = getopt_long(argc, argv, ":E:jr", options, NULL)) != -1) {
		switch (opt) {
		case 'E': request.list = optarg; break;
		case 'j': request.form = TABLE_JSON; break;
		case 'r': request.form = TABLE_RAW; break;
		case QUIET: request.is_quiet = true; break;
		default: cli_option(opt, argv);
		}
	}
	request.captures = argv + optind;
	if (*request.captures && (request.list || request.form != TABLE_HUMAN))
		die_usage("'%s' goes with the list, which is printed without a capture",
			  request.list ? "-E" : "-j' and '-r");
	if (!*request.captures && request.is_quiet)
		die_usage("'--quiet' needs a capture");
	return request;
}

/* Prints the table of what engines have. */
static int
list(const struct request *request)
{
	struct engines engines = ENGINES_INIT;
	struct remains remains = {.engines = &engines};
	struct strvec remarks = STRVEC_INIT;
	struct failure why = FAILURE_INIT;
	char **names = NULL;
	struct table *table;
	size_t asked;
	int silent;

	if (engines_load(&engines, getenv, &why) < 0 ||
	    (request->list && !(names = engines_list(request->list, getenv, &why))))
		die_usage("%s", why.text);
	silent = remains_ask(&remains, names, &asked, &remarks, &why);
	if (silent < 0)
		die("%s", why.text);
	remains_look_up(&remains, getenv);
	table = remains_table(&remains, request->form, &why);
	if (!table || table_print(table, request->form, stdout, &why) < 0)
		die("%s", why.text);
	warn_lines(strvec_join(&remarks, "\n"));
	table_free(table);
	strvec_free(names);
	return silent == 0 ? EXIT_DONE : (size_t)silent < asked ? EXIT_PARTIAL : EXIT_FAILED;
}

/* The exit status of vcap-wait for the capture. */
static int
collect(const struct request *request, char *capture)
{
	char *argv[] = {"vcap-wait", "--", capture, NULL};
	char *quiet[] = {"vcap-wait", "--quiet", "--", capture, NULL};
	struct failure why = FAILURE_INIT;
	int status;

	cli_lend_name();
	status = process_run(request->is_quiet ? quiet : argv, -1, STDOUT_FILENO, STDERR_FILENO, -1,
			     &why);
	if (status < 0)
		die("%s", why.text);
	return status;
}

int
main(int argc, char **argv)
{
	struct request request;
	int status = EXIT_DONE;
	size_t done = 0, bad = 0, misused = 0;

	cli_start(&self);
	request = parse_options(argc, argv);
	cli_siblings_first();
	if (!*request.captures)
		return cli_finish(list(&request));
	for (char *const *capture = request.captures; *capture; capture++) {
		status = collect(&request, *capture);
		done += status == EXIT_DONE || status == EXIT_PARTIAL;
		bad += status != EXIT_DONE;
		misused += status == EXIT_MISUSE;
	}
	return cli_finish(bad == 0   ? EXIT_DONE
			  : done > 0 ? EXIT_PARTIAL
			  : misused  ? EXIT_MISUSE
				     : EXIT_FAILED);
}
