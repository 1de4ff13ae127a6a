/*
 * vcap-stat: prints counts of a capture file, by engine, interface and side.
 */
#include "cli.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "base/parse.h"
#include "base/priv.h"
#include "base/sandbox.h"
#include "base/table.h"
#include "controller/fileword.h"
#include "merge/lossnotes.h"
#include "merge/merge.h"
#include "merge/merged_header.h"
#include "merge/proxynotes.h"
#include "merge/summary.h"
#include "merge/summary_table.h"

#include <stdio.h>
#include <stdlib.h>

static const struct command self = {
    .name = "vcap-stat",
    .says = "Counts a capture's packets by engine, interface and side.",
    .examples = "vcap stat shop\nvcap-stat -b 1s shop.pcapng\n",
    .synopsis = "[-aj] [-b bin] file | id | service | -",
    .options = "  -a, --all      also interfaces without packets and drops\n"
	       "  -b, --bin bin  count in bins of this length, such as 1s or 200ms\n"
	       "  -j, --json     print JSON\n",
};

struct options {
	int64_t bin_ns; /* 0: none */
	bool all, json;
	const char *file;
};

static struct options
parse_options(int argc, char **argv)
{
	static const struct option known[] = {{"all", no_argument, NULL, 'a'},
					      {"bin", required_argument, NULL, 'b'},
					      {"json", no_argument, NULL, 'j'},
					      CLI_OPTIONS};
	static struct fileword file = FILEWORD_INIT;
	struct options options = {0};
	struct failure why;
	int opt, found;

	while ((opt = getopt_long(argc, argv, ":ab:j", known, NULL)) != -1)
		switch (opt) {
		case 'a': options.all = true; break;
		case 'b':
			if (parse_duration(optarg, NS_PER_SECOND, &options.bin_ns, &why) < 0 ||
			    options.bin_ns == 0)
				die_usage("not the length of a bin: '%s'", optarg);
			break;
		case 'j': options.json = true; break;
		default: cli_option(opt, argv);
		}
	if (optind + 1 != argc)
		die_usage(optind == argc ? "no file given (try --help)"
					 : "more than one file given");
	found = fileword_find(&file, argv[optind], getenv, &why);
	if (found != EXIT_DONE)
		(found == EXIT_MISUSE ? die_usage : die)("%s", why.text);
	options.file = file.path;
	return options;
}

static void
print(const struct summary *summary, const struct options *options)
{
	const struct summary_table_form form = {
	    .by_bin = options->bin_ns, .for_people = !options->json, .all = options->all};
	struct failure why;
	struct table *table = summary_table_new(summary, &form, &why);

	if (!table ||
	    table_print(table, options->json ? TABLE_JSON : TABLE_HUMAN, stdout, &why) < 0)
		die("%s", why.text);
	table_free(table);
}

/* The file may be what an engine sent. A table looks for colours: opening is not denied by calls. */
static void
confine(const struct inputs *inputs)
{
	char **files = inputs_files(inputs);
	struct failure why;

	if (!files)
		die("out of memory");
	if (sandbox_confine_files(SANDBOX_ENFORCE, -1, files, &why) < 0 ||
	    sandbox_confine_calls(SANDBOX_ENFORCE, SANDBOX_CALLS_STDIO, SANDBOX_OPENS_TO_READ,
				  &why) < 0)
		die("%s", why.text);
	free(files);
}

int
main(int argc, char **argv)
{
	struct inputs inputs = INPUTS_INIT;
	struct proxynotes notes = {.inputs = &inputs};
	struct summary summary = {.see = proxynotes_see, .context = &notes};
	struct options options;
	struct failure why;
	struct merge *merge;
	int status = EXIT_DONE;

	cli_start(&self);
	options = parse_options(argc, argv);
	fileio_raise_limit();
	if (priv_drop_all(&why) < 0 || !(merge = merge_new(&why)) ||
	    summary_watch_connects(&summary, &why) < 0 ||
	    inputs_add(&inputs, options.file, &why) < 0 || inputs_open(&inputs, &why) < 0)
		die("%s", why.text);
	confine(&inputs);
	if (inputs_begin(&inputs, NULL, &why) < 0 || inputs_merge(&inputs, merge, &why) < 0)
		die("%s", why.text);
	if (inputs_are_counted(&inputs))
		connwatch_distrust_silence(summary.connwatch);
	merge_mix_linktypes(merge);
	if (merge_start(merge, &why) < 0 ||
	    summary_count(&summary, merge_source(merge), options.bin_ns, &why) < 0)
		die("%s", why.text);
	print(&summary, &options);
	warn_lines(merged_header_completeness(&inputs));
	warn_lines(lossnotes_lines(merge_source(merge)));
	warn_lines(proxynotes_finish(&notes));
	warn_lines(connwatch_finish(summary.connwatch, "\n"));
	for (size_t i = 0; i < inputs.count; i++)
		if (inputs_damage(&inputs, merge, i, INT64_MAX, &why)) {
			warn("%s", why.text);
			status = EXIT_PARTIAL;
		}
	connwatch_free(summary.connwatch);
	merge_free(merge);
	inputs_release(&inputs);
	summary_release(&summary);
	return cli_finish(status);
}
