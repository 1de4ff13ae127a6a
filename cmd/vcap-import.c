/*
 * vcap-import: service files from the configuration of what serves: HAProxy, IPVS, nftables, nginx.
 */
#include "base/fileio.h"
#include "base/process.h"
#include "cli.h"
#include "controller/ask.h"
#include "controller/config.h"
#include "controller/config_write.h"
#include "controller/engine.h"
#include "filter/service.h"
#include "import/draft.h"
#include "import/haproxy.h"
#include "import/ipvs.h"
#include "import/nftables.h"
#include "import/nginx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-import",
    .synopsis = "[-fw] [-E list] kind [file [service ...]]",
    .options = "  -E, --engines list  these engines serve; it is read from the first (this host)\n"
	       "  -f, --force         with -w: replace service files that differ\n"
	       "  -w, --write         write service files rather than to standard output\n"
	       "      --help          show this help\n"
	       "      --version       show the version\n"
	       "\n"
	       "kind is haproxy, ipvs, nft or nginx.\n",
};

static const struct kind {
	const char *name;
	int (*import)(struct drafts *drafts, const char *text, const char *file,
		      struct failure *why);
	char *command[5]; /* what prints the configuration, unless a file is named */
} kinds[] = {
    {"haproxy", haproxy_import, {"cat", "/etc/haproxy/haproxy.cfg"}},
    {"ipvs", ipvs_import, {"ipvsadm", "-Sn"}},
    {"nft", nftables_import, {"nft", "-j", "list", "ruleset"}},
    {"nginx", nginx_import, {"nginx", "-T"}},
};

struct options {
	bool writes, forces;
	char **engines; /* NULL: this host */
	const struct kind *kind;
	const char *file; /* NULL: what the kind's command prints */
	char **services;  /* NULL: all */
};

/* The words of a comma-separated list, each an engine's name. */
static char **
read_engines(char *list)
{
	struct engines known = ENGINES_INIT;
	struct strvec names = STRVEC_INIT;
	struct failure why = FAILURE_INIT;

	if (engines_load(&known, getenv, &why) < 0)
		die_usage("%s", why.text);
	for (char *name; (name = strsep(&list, ","));) {
		if (!engines_find(&known, name, &why))
			die_usage("%s", why.text);
		if (!strvec_has(&names, name))
			strvec_add(&names, name);
	}
	engines_release(&known);
	return strvec_finish(&names);
}

static struct options
parse_options(int argc, char **argv)
{
	static const struct option options[] = {{"engines", required_argument, NULL, 'E'},
						{"force", no_argument, NULL, 'f'},
						{"write", no_argument, NULL, 'w'},
						CLI_OPTIONS};
	struct options chosen = {0};
	int opt;

	while ((opt = getopt_long(argc, argv, ":E:fw", options, NULL)) != -1) {
		switch (opt) {
		case 'E': chosen.engines = read_engines(optarg); break;
		case 'f': chosen.forces = true; break;
		case 'w': chosen.writes = true; break;
		default: cli_option(opt, argv);
		}
	}
	if (chosen.forces && !chosen.writes)
		die_usage("-f is for -w");
	for (size_t i = 0; argv[optind] && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(argv[optind], kinds[i].name) == 0)
			chosen.kind = &kinds[i];
	if (!chosen.kind)
		die_usage("needs a kind, haproxy, ipvs, nft or nginx (try --help)");
	if (argv[++optind])
		chosen.file = argv[optind++];
	if (chosen.file && argv[optind])
		chosen.services = argv + optind;
	return chosen;
}

static bool
is_directory(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* The configuration. *name is what remarks call it. */
static char *
read_text(const struct options *options, const struct ask *inquiry, char **name)
{
	const char *engine = options->engines ? options->engines[0] : NULL;
	char *cat[] = {"cat", "--", (char *)options->file, NULL}, *text = NULL;
	char *const *command = options->file ? cat : options->kind->command;
	struct failure why = FAILURE_INIT;
	struct strvec shown = STRVEC_INIT;
	size_t size;

	if (options->file && strcmp(options->file, "-") == 0) {
		*name = xstrdup("standard input");
		if (fileio_slurp(STDIN_FILENO, CONFIG_FILE_MAX, *name, &text, &size, &why) < 0)
			die("%s", why.text);
		if (strlen(text) != size)
			die("standard input is no text: it has a NUL byte");
		return text;
	}
	if (strcmp(command[0], "cat") == 0)
		strvec_add(&shown, command[options->file ? 2 : 1]);
	else
		strvec_add_all(&shown, command);
	*name = strvec_join(&shown, " ");
	if (engine && *name)
		*name = xasprintf("%s:%s", engine, *name);
	text = ask_engine(inquiry, command, &why);
	if (!text && options->file && !engine && is_directory(options->file))
		die("'%s' is a directory: put its files together and name '-'", options->file);
	if (!text || !*name)
		die("%s", text ? "out of memory" : why.text);
	return text;
}

/* The file of a service, which is proved to be one. NULL: nothing can be captured of it. */
static char *
make_file(const struct draft *draft, char *const *engines)
{
	struct service service = SERVICE_INIT;
	struct failure why = FAILURE_INIT;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!draft->is_wanted || draft->vips.count == 0)
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		die("out of memory");
	fprintf(out, "# service %s\n", draft->name);
	draft_print(draft, out);
	for (; *engines; engines++)
		fprintf(out, "engine   %s\n", *engines);
	if (fclose(out) != 0)
		die("out of memory");
	if (service_parse(&service, draft->name, text, draft->name, &why) < 0)
		die("%s", why.text);
	service_release(&service);
	return text;
}

/* Returns whether the file is as it should be now. */
static bool
write_file(const char *name, const char *text, bool by_force)
{
	struct failure why = FAILURE_INIT;
	char *path;
	enum config_write_outcome outcome =
	    config_write_put(name, text, by_force, getenv, &path, &why);

	if (outcome == CONFIG_WRITE_FAILED)
		die("%s", why.text);
	if (outcome == CONFIG_WRITE_DIFFERS)
		warn("'%s' differs, and is replaced only with -f", path);
	else
		puts(path);
	free(path);
	return outcome != CONFIG_WRITE_DIFFERS;
}

/* Hands out all services; how many there were, and in *status whether all could be. */
static size_t
hand_out(const struct drafts *drafts, char *const *engines, const struct options *options,
	 int *status)
{
	size_t count = 0;

	for (size_t i = 0; i < drafts->count; i++) {
		const char *name = drafts->list[i]->name;
		char *text = make_file(drafts->list[i], engines);

		if (!text)
			continue;
		if (!options->writes)
			printf("%s%s", count ? "\n" : "", text);
		else if (!write_file(name, text, options->forces))
			*status = EXIT_PARTIAL;
		count++;
		free(text);
	}
	for (char *const *name = options->services; name && *name; name++) {
		if (!drafts_find(drafts, *name)) {
			warn("there is no service '%s'", *name);
			*status = EXIT_PARTIAL;
		}
	}
	return count;
}

int
main(int argc, char **argv)
{
	struct options options;
	struct ask inquiry;
	struct drafts drafts = DRAFTS_INIT;
	struct failure why = FAILURE_INIT;
	char *text, *name, *here[2] = {0};
	int status;
	size_t count;

	cli_start(&self);
	options = parse_options(argc, argv);
	if (process_siblings_first() < 0)
		die("out of memory");
	inquiry.engines = options.engines;
	text = read_text(&options, &inquiry, &name);
	drafts.wanted = options.services;
	drafts.find = ask_find;
	drafts.context = &inquiry;
	if (options.kind->import(&drafts, text, name, &why) < 0)
		die("%s", why.text);
	if (!drafts_is_whole(&drafts))
		die("out of memory");
	for (size_t i = 0; i < drafts.remarks.count; i++)
		warn("%s", drafts.remarks.list[i]);
	status = drafts.remarks.count ? EXIT_PARTIAL : EXIT_DONE;
	if (!options.engines) {
		here[0] = config_write_local(options.writes, getenv, &why);
		if (!here[0])
			die_usage("%s", why.text);
	}
	count = hand_out(&drafts, options.engines ? options.engines : here, &options, &status);
	if (count == 0)
		warn("no service found in '%s'", name);
	return cli_finish(count ? status : EXIT_FAILED);
}
