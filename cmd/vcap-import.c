/*
 * vcap-import: service files from the configuration of a load balancer.
 */
#include "cli.h"
#include "controller/ask.h"
#include "controller/config.h"
#include "controller/config_write.h"
#include "controller/engine.h"
#include "import/importer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KINDS "envoy, haproxy, iptables, ipvs, k8s, keepalived, nft or nginx"

static const struct command self = {
    .name = "vcap-import",
    .says = "Makes service files from the configuration of a load balancer.",
    .examples = "vcap import haproxy -w\nvcap import -E lb1,lb2 nginx /etc/nginx/nginx.conf\n",
    .synopsis = "[-dfw] [-a file] [-E list] kind [file [service ...]]",
    .options = "  -a, --also file     read this file, too; may be repeated\n"
	       "  -d, --diff          print what -w would change\n"
	       "  -E, --engines list  the services' engines; the first is read from (this host)\n"
	       "  -f, --force         with -w: replace service files that were edited\n"
	       "  -w, --write         write service files, not standard output\n"
	       "\n"
	       "kind is " KINDS ".\n",
};

struct options {
	enum config_write_action action;
	bool forces;
	char **engines; /* NULL: this host */
	const struct importer *importer;
	const char *file;   /* "-": standard input; NULL: what the importer's command prints */
	struct strvec also; /* files */
	char **services;    /* NULL: all */
};

static struct options
parse_options(int argc, char **argv)
{
	static const struct option options[] = {
	    {"also", required_argument, NULL, 'a'},    {"diff", no_argument, NULL, 'd'},
	    {"engines", required_argument, NULL, 'E'}, {"force", no_argument, NULL, 'f'},
	    {"write", no_argument, NULL, 'w'},         CLI_OPTIONS};
	struct options chosen = {0};
	struct failure why;
	int opt;

	while ((opt = getopt_long(argc, argv, ":a:dE:fw", options, NULL)) != -1) {
		switch (opt) {
		case 'a': strvec_push(&chosen.also, optarg); break;
		case 'd': chosen.action = CONFIG_WRITE_COMPARE; break;
		case 'E':
			if (!(chosen.engines = engines_list(optarg, getenv, &why)))
				die_usage("%s", why.text);
			break;
		case 'f': chosen.forces = true; break;
		case 'w': chosen.action = CONFIG_WRITE_FILE; break;
		default: cli_option(opt, argv);
		}
	}
	if (chosen.forces && chosen.action == CONFIG_WRITE_PRINT)
		die_usage("-f needs -w");
	if (!argv[optind] || !(chosen.importer = importer_find(argv[optind])))
		die_usage("needs a kind, " KINDS " (try --help)");
	if (argv[++optind])
		chosen.file = argv[optind++];
	if (chosen.file && argv[optind])
		chosen.services = argv + optind;
	return chosen;
}

/* Prints, compares or writes a service file; false: one that was edited is left. nodes (NULL: none)
 * become engines. */
static bool
put_file(const struct options *options, const char *name, char *text, char *const *nodes)
{
	enum config_write_outcome outcome;
	struct failure why;
	char *path;

	if (!text)
		die("out of memory");
	outcome =
	    config_write_put(name, text, options->action, options->forces, getenv, &path, &why);
	if (outcome == CONFIG_WRITE_FAILED ||
	    (options->action == CONFIG_WRITE_FILE && config_write_nodes(nodes, getenv, &why) < 0))
		die("%s", why.text);
	if (outcome == CONFIG_WRITE_DIFFERS)
		warn("'%s' exists and differs (-f replaces it)", path);
	else if (options->action == CONFIG_WRITE_FILE)
		puts(path);
	free(path);
	free(text);
	return outcome == CONFIG_WRITE_DONE;
}

static int
put_files(const struct options *options, const struct drafts *drafts, char *const *engines)
{
	int status = drafts->warnings.count ? EXIT_PARTIAL : EXIT_DONE;

	for (size_t i = 0; i < drafts->count; i++) {
		const struct draft *draft = drafts->list[i];
		char *const *nodes = options->engines ? NULL : draft->engines.list;

		if (i > 0 && options->action == CONFIG_WRITE_PRINT)
			putchar('\n');
		if (!put_file(options, draft->name, draft_format(draft, nodes ? nodes : engines),
			      nodes))
			status = EXIT_PARTIAL;
	}
	return drafts->count ? status : EXIT_FAILED;
}

int
main(int argc, char **argv)
{
	struct options options;
	struct ask ask = {0};
	struct importer_input input = {.size_max = 64u << 20, .run = ask_run, .context = &ask};
	struct drafts drafts = {.resolve = ask_find, .read = ask_read, .context = &ask};
	struct failure why;
	char *source, *text, *here[2] = {0};
	bool writes_local;

	cli_start(&self);
	options = parse_options(argc, argv);
	cli_siblings_first();
	ask.engines = options.engines;
	input.file = options.file;
	input.also = options.also.list;
	input.engine = options.engines ? options.engines[0] : NULL;
	drafts.wanted = options.services;
	text = importer_read(options.importer, &input, &source, &why);
	if (!text || importer_import(options.importer, &drafts, text, source, &why) < 0)
		die("%s", why.text);
	for (size_t i = 0; i < drafts.warnings.count; i++)
		warn("%s", drafts.warnings.list[i]);
	if (drafts.count == 0)
		warn("no service found in '%s'", source);
	writes_local =
	    options.action == CONFIG_WRITE_FILE && drafts.count && !drafts.list[0]->engines.count;
	if (!options.engines && !(here[0] = config_write_local(writes_local, getenv, &why)))
		die_usage("%s", why.text);
	return cli_finish(put_files(&options, &drafts, options.engines ? options.engines : here));
}
