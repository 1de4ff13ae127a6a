/*
 * vcap-ls: lists the captures in the spool. Reads files only, and asks no engine.
 */
#include "base/table.h"
#include "cli.h"
#include "controller/capture_table.h"
#include "controller/spool.h"
#include "controller/spool_id.h"

#include <stdio.h>
#include <stdlib.h>

static const struct command self = {
    .name = "vcap-ls",
    .says = "Lists captures.",
    .examples = "vcap ls shop\nvcap ls -r -o ID,FILE\n",
    .synopsis = "[-j | -r] [-o columns] [capture]",
    .options = "  -j, --json            print JSON\n"
	       "  -o, --output columns  print these, separated by commas; +columns: these too\n"
	       "  -r, --raw             print a line a capture, columns separated by tabs\n"
	       "\n"
	       "Columns: " CAPTURE_TABLE_COLUMNS "\n",
};

struct options {
	enum table_form form;
	const char *columns; /* NULL: the default ones */
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
		die_usage("more than one capture or service given: '%s'", argv[optind + 1]);
	options.word = argv[optind];
	return options;
}

/* Oldest first. One whose facts cannot be read is only warned of. */
static void
add_all(struct table *table, const struct spool *spool, char **ids, enum table_form form)
{
	size_t count = 0;

	while (ids[count])
		count++;
	while (count-- > 0) {
		struct spool_entry entry;
		struct failure why = FAILURE_INIT;

		if (spool_find(spool, ids[count], &entry, &why) == 0) {
			if (capture_table_add(table, &entry, form, &why) < 0)
				die("%s", why.text);
			spool_entry_close(&entry);
		} else {
			warn("%s", why.text);
		}
	}
}

static struct table *
new_table(const struct options *options)
{
	struct table *table = capture_table_new(options->form);
	struct failure why = FAILURE_INIT;

	if (!table)
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
	if (options.word && !*ids && options.form == TABLE_HUMAN)
		warn("there is no capture %s'%s'", spool_id_is_valid(options.word) ? "" : "of ",
		     options.word);
	add_all(table, &spool, ids, options.form);
	if (table_print(table, options.form, stdout, &why) < 0)
		die("%s", why.text);
	table_free(table);
	spool_list_free(ids);
	spool_close(&spool);
	return cli_finish(EXIT_DONE);
}
