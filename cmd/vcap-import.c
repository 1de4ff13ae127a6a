/*
 * vcap-import: service files from the configuration of a load balancer.
 */
#include "cli.h"
#include "controller/ask.h"
#include "controller/config_write.h"
#include "controller/engine.h"
#include "importing/import_process.h"

#include <stdio.h>
#include <stdlib.h>

#define KINDS "auto, envoy, haproxy, iptables, ipvs, k8s, keepalived, nft or nginx"

static const struct command self = {
    .name = "vcap-import",
    .says = "Makes service files from the configuration of a load balancer.",
    .examples = "vcap import haproxy -w\nvcap import -E lb1,lb2 nginx /etc/nginx/nginx.conf\n",
    .synopsis = "[-dfFw] [-a file] [-b file] [-E list] [-S name] kind [file [service ...]]",
    .options = "  -a, --also file     read this file, too; may be repeated\n"
	       "  -b, --backends file what kubectl ingress-nginx backends prints, for nginx\n"
	       "  -d, --diff          print what -w would change\n"
	       "  -E, --engines list  the services' engines; the first is read from (this host)\n"
	       "  -f, --force         with -w: replace service files that were edited\n"
	       "  -F, --from          add a line by which captures ask the engine again\n"
	       "  -S, --service name  only this service; may be repeated\n"
	       "  -w, --write         write service files, not standard output\n"
	       "\n"
	       "kind is " KINDS ".\n",
};

struct options {
	enum config_write_action action;
	bool forces, asks_again;
	char **engines; /* NULL: this host */
	const struct importer *importer;
	struct importer_input input;
	struct strvec also, wanted; /* files; services */
	struct drafts drafts;
};

static struct options
parse_options(int argc, char **argv)
{
	static const struct option options[] = {{"also", required_argument, NULL, 'a'},
						{"backends", required_argument, NULL, 'b'},
						{"diff", no_argument, NULL, 'd'},
						{"engines", required_argument, NULL, 'E'},
						{"force", no_argument, NULL, 'f'},
						{"service", required_argument, NULL, 'S'},
						{"from", no_argument, NULL, 'F'},
						{"write", no_argument, NULL, 'w'},
						CLI_OPTIONS};
	struct options chosen = {.input = {.size_max = 64u << 20, .run = ask_run},
				 .drafts = {.resolve = ask_find, .read = ask_read}};
	struct failure why;
	int opt;

	cli_start(&self);
	while ((opt = getopt_long(argc, argv, ":a:b:dE:fFS:w", options, NULL)) != -1)
		switch (opt) {
		case 'a': strvec_push(&chosen.also, optarg); break;
		case 'b': chosen.drafts.backends = optarg; break;
		case 'd': chosen.action = CONFIG_WRITE_COMPARE; break;
		case 'E':
			if (!(chosen.engines = engines_list(optarg, getenv, &why)))
				die_usage("%s", why.text);
			break;
		case 'f': chosen.forces = true; break;
		case 'F': chosen.asks_again = true; break;
		case 'S': strvec_push(&chosen.wanted, optarg); break;
		case 'w': chosen.action = CONFIG_WRITE_FILE; break;
		default: cli_option(opt, argv);
		}
	if (chosen.forces && chosen.action == CONFIG_WRITE_PRINT)
		die_usage("'-f' goes with '-w' or '-d'");
	if (!argv[optind] || !(chosen.importer = importer_find(argv[optind])))
		die_usage("needs a kind, " KINDS ", not '%s'", argv[optind] ? argv[optind] : "");
	if ((chosen.input.file = argv[++optind]))
		strvec_pushv(&chosen.wanted, argv + optind + 1);
	chosen.drafts.wanted = chosen.wanted.list;
	chosen.input.also = chosen.also.list;
	chosen.input.engine = chosen.engines ? chosen.engines[0] : NULL;
	return chosen;
}

/* Prints, compares or writes a service file; false: one that was edited is left. */
static bool
put_file(const struct options *options, const struct import_file *file)
{
	enum config_write_outcome outcome;
	struct failure why;
	char *path, *from = NULL;

	if (options->asks_again && !(from = importer_from(options->importer, &options->input,
							  &options->drafts, file->name, &why)))
		die_usage("%s", why.text);
	outcome = config_write_put(file->name, file->text, from, options->action, options->forces,
				   getenv, &path, &why);
	free(from);
	if (outcome == CONFIG_WRITE_FAILED ||
	    (options->action == CONFIG_WRITE_FILE &&
	     config_write_nodes(file->engines.list, getenv, &why) < 0))
		die("%s", why.text);
	if (outcome == CONFIG_WRITE_DIFFERS)
		warn("'%s' exists and differs (-f replaces it)", path);
	else if (options->action == CONFIG_WRITE_FILE)
		puts(path);
	free(path);
	return outcome == CONFIG_WRITE_DONE;
}

static int
put_files(const struct options *options, const struct imports *imports)
{
	int status = imports->warnings.count ? EXIT_PARTIAL : EXIT_DONE;

	for (size_t i = 0; i < imports->count; i++) {
		if (i > 0 && options->action == CONFIG_WRITE_PRINT)
			putchar('\n');
		status = put_file(options, &imports->list[i]) ? status : EXIT_PARTIAL;
	}
	return imports->count ? status : EXIT_FAILED;
}

int
main(int argc, char **argv)
{
	struct options options = parse_options(argc, argv);
	struct imports imports = IMPORTS_INIT;
	struct ask ask = {options.engines};
	struct failure why, local = FAILURE_INIT;
	char *source, *text, *here[2] = {0};

	options.input.context = options.drafts.context = &ask;
	cli_siblings_first();
	here[0] = options.engines ? NULL : config_write_local(false, getenv, &local);
	if (!(text = importer_read(options.importer, &options.input, &source, &why)) ||
	    import_process_run(&imports, options.importer, &options.drafts, text, source,
			       (struct import_engines){options.engines, here}, &why) < 0)
		die("%s", why.text);
	for (size_t i = 0; i < imports.warnings.count; i++)
		warn("%s", imports.warnings.list[i]);
	if (imports.count == 0)
		warn("no service found in '%s'", source);
	if (!options.engines && imports.count && !imports.list[0].engines.count && /* this host */
	    (!here[0] || !config_write_local(options.action == CONFIG_WRITE_FILE, getenv, &local)))
		die_usage("%s", local.text);
	return cli_finish(put_files(&options, &imports));
}
