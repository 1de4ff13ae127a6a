/*
 * vcap-prune: removes the oldest finished captures until the others are within limits of age,
 * number and size.
 */
#include "base/parse.h"
#include "cli.h"
#include "controller/config.h"
#include "controller/prune.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static const struct command self = {
    .name = "vcap-prune",
    .says = "Removes old captures.",
    .examples = "vcap prune -a 7d -s 10G\nvcap prune -n -c 5 shop\n",
    .synopsis = "[-n] [-a time] [-c count] [-s size] [service]\n"
		"[-n] --keys -a time [service]\n"
		"[-n] -f file",
    .options = "  -a, --age time     remove older ones; a bare number means seconds\n"
	       "  -c, --count count  keep at most this many, the newest\n"
	       "  -f, --file file    the limits of this file, also for single services\n"
	       "      --keys         remove only the TLS keys of older ones, not the packets\n"
	       "  -n, --dry-run      only print what would be removed\n"
	       "  -s, --size size    keep the newest ones whose files fit into this size\n",
};

struct request {
	enum prune_mode mode;
	bool keys;           /* only those */
	const char *service; /* NULL: all */
	struct prune_rules rules;
};

static struct prune_rules
read_rules(const char *path)
{
	struct config_file file = CONFIG_FILE_INIT;
	struct prune_rules rules;
	struct failure why = FAILURE_INIT;

	if (config_read(&file, path, &why) < 0 ||
	    prune_rules_parse(&rules, file.text, file.path, &why) < 0)
		die_usage("%s", why.text);
	config_file_release(&file);
	return rules;
}

static struct request
parse_options(int argc, char **argv)
{
	static const struct option options[] = {{"keys", no_argument, NULL, 'k'},
						{"age", required_argument, NULL, 'a'},
						{"count", required_argument, NULL, 'c'},
						{"dry-run", no_argument, NULL, 'n'},
						{"file", required_argument, NULL, 'f'},
						{"size", required_argument, NULL, 's'},
						CLI_OPTIONS};
	struct request request = {.rules = PRUNE_RULES_INIT};
	struct prune_rule *rule = prune_rules_for(&request.rules, NULL);
	struct failure why = FAILURE_INIT;
	const char *file = NULL;
	char *name = NULL;
	bool limited = false;
	int opt;

	if (!rule)
		die("out of memory");
	while ((opt = getopt_long(argc, argv, ":a:c:f:ns:", options, NULL)) != -1) {
		const char *key = opt == 'a'   ? "age"
				  : opt == 'c' ? "count"
				  : opt == 's' ? "size"
					       : NULL;

		if (key && prune_limits_set(&rule->limits, key, optarg, &why) < 0)
			die_usage("%s", why.text);
		limited |= key != NULL;
		if (opt == 'n')
			request.mode = PRUNE_DRY_RUN;
		else if (opt == 'f')
			file = optarg;
		else if (opt == 'k')
			request.keys = true;
		else if (!key)
			cli_option(opt, argv);
	}
	request.service = argv[optind];
	if (file && (limited || request.service))
		die_usage("'-f' takes limits and services from the file alone");
	if (request.keys && (file || rule->limits.age_ns == INT64_MAX ||
			     rule->limits.count != UINT64_MAX || rule->limits.size != UINT64_MAX))
		die_usage("'--keys' goes with '-a' alone");
	if (!limited && !file)
		die_usage("needs a limit: -a, -c or -s, or a file of them: -f (try --help)");
	if (argc - optind > 1)
		die_usage("more than one service given: '%s'", argv[optind + 1]);
	if (request.service && config_resolve(&name, request.service, getenv, &why) < 0)
		die_usage("%s", why.text);
	if (name && !parse_is_name(name))
		die_usage("not a service: '%s'", request.service);
	request.service = name;
	if (file) {
		prune_rules_release(&request.rules);
		request.rules = read_rules(file);
	}
	return request;
}

static void
removed(const char *text)
{
	puts(text);
}

static void
failed(const char *text)
{
	warn("%s", text);
}

int
main(int argc, char **argv)
{
	static const struct prune_report report = {.removed = removed, .failed = failed};
	struct spool spool = SPOOL_INIT;
	struct failure why = FAILURE_INIT;
	struct request request;
	char **ids;
	int status, rest;

	cli_start(&self);
	request = parse_options(argc, argv);
	cli_siblings_first();
	if (spool_open(&spool, getenv, &why) < 0 ||
	    spool_list(&spool, request.service, &ids, &why) < 0)
		die("%s", why.text);
	status = request.keys ? prune_keys(&spool, ids, request.rules.list->limits.age_ns,
					   request.mode, &report)
			      : prune_captures(&spool, ids, &request.rules, request.mode, &report);
	if (request.rules.leftovers_ns != INT64_MAX) {
		rest = prune_leftovers(request.rules.leftovers_ns, request.mode, getenv, &report);
		status = status == EXIT_DONE || rest == EXIT_FAILED ? rest : status;
	}
	spool_list_free(ids);
	spool_close(&spool);
	prune_rules_release(&request.rules);
	return cli_finish(status);
}
