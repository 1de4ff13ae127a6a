/*
 * vcap-status: prints the status of captures, a row for each engine. Engines that capture are
 * asked.
 */
#include "base/strvec.h"
#include "base/table.h"
#include "cli.h"
#include "controller/commands.h"
#include "controller/each.h"
#include "controller/snapshot_entry.h"
#include "controller/spool.h"
#include "controller/status_table.h"
#include "controller/waitproc.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-status",
    .says = "Shows the status of captures, engine by engine.",
    .examples = "vcap status\nvcap status shop\n",
    .synopsis = "[-n] [-j | -r] [capture]",
    .options = "  -j, --json     print JSON\n"
	       "  -n, --no-ask   ask no engine: print what is known\n"
	       "  -r, --raw      print a line an engine, columns separated by tabs\n",
};

struct request {
	const char *word; /* NULL: all unfinished captures */
	enum table_form form;
	bool ask;
};

static struct request
parse_options(int argc, char **argv)
{
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
						{"no-ask", no_argument, NULL, 'n'},
						{"raw", no_argument, NULL, 'r'},
						CLI_OPTIONS};
	struct request request = {.form = TABLE_HUMAN, .ask = true};
	int opt;

	while ((opt = getopt_long(argc, argv, ":jnr", options, NULL)) != -1) {
		switch (opt) {
		case 'j': request.form = TABLE_JSON; break;
		case 'n': request.ask = false; break;
		case 'r': request.form = TABLE_RAW; break;
		default: cli_option(opt, argv);
		}
	}
	if (argc - optind > 1)
		die_usage("more than one capture given: '%s'", argv[optind + 1]);
	request.word = argv[optind];
	return request;
}

/* The answer of each engine, or that there was none, is stored in its state. */
static void
ask_engines(const struct spool_entry *entry)
{
	struct strvec names = spool_entry_participants(entry);
	struct failure why = FAILURE_INIT;

	if (each_run(entry, &names, (struct each_options){.timeout = "30s"},
		     commands_each(COMMANDS_STATUS), &why) < 0)
		die("%s", why.text);
	strvec_release(&names);
}

static void
add_engine(struct table *table, enum table_form form, const struct spool_entry *entry,
	   unsigned snapshots, const char *engine)
{
	struct strvec remarks = STRVEC_INIT;
	struct failure why = FAILURE_INIT;

	if (status_table_add(table, form, entry, snapshots, engine, &remarks, &why) < 0 ||
	    remarks.failed)
		die("%s", remarks.failed ? "out of memory" : why.text);
	for (size_t i = 0; i < remarks.count; i++)
		warn("%s", remarks.list[i]);
	strvec_release(&remarks);
}

static void
add_capture(struct table *table, const struct spool *spool, const char *word,
	    const struct request *request)
{
	struct spool_entry entry;
	struct failure why = FAILURE_INIT;
	unsigned snapshots = 0;
	struct strvec names;

	if (spool_find(spool, word, &entry, &why) < 0) {
		/* One of many may be damaged, or have been cancelled meanwhile. */
		if (request->word)
			die("%s", why.text);
		warn("%s", why.text);
		return;
	}
	if (!request->word && spool_entry_is_over(&entry)) {
		spool_entry_close(&entry);
		return;
	}
	/* Who holds the lock follows them. */
	if (request->ask && spool_entry_state(&entry) == CAPTURE_CAPTURING &&
	    !spool_entry_is_locked(&entry))
		ask_engines(&entry);
	if (waitproc_revive(&entry, &why) < 0)
		warn("%s", why.text);
	if (snapshot_entry_is_ring(&entry, NULL))
		snapshots = snapshot_entry_count(spool, &entry);
	names = spool_entry_engines(&entry);
	for (size_t i = 0; i < names.count; i++)
		add_engine(table, request->form, &entry, snapshots, names.list[i]);
	strvec_release(&names);
	spool_entry_close(&entry);
}

int
main(int argc, char **argv)
{
	struct spool spool = SPOOL_INIT;
	struct failure why = FAILURE_INIT;
	struct request request;
	struct table *table;
	char **ids = NULL;

	cli_start(&self);
	request = parse_options(argc, argv);
	cli_siblings_first();
	table = status_table_new(request.form);
	if (!table || spool_open(&spool, getenv, &why) < 0)
		die("%s", table ? why.text : "out of memory");
	if ((request.word ? spool_choose(&spool, request.word, &ids, &why)
			  : spool_list(&spool, NULL, &ids, &why)) < 0)
		die("%s", why.text);
	for (char **id = ids; *id; id++)
		add_capture(table, &spool, *id, &request);
	if (table_print(table, request.form, stdout, &why) < 0)
		die("%s", why.text);
	spool_list_free(ids);
	table_free(table);
	spool_close(&spool);
	return cli_finish(EXIT_DONE);
}
