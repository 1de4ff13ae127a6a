#include "import/importer.h"

#include "base/fileio.h"
#include "import/draft_overlap.h"
#include "import/envoy.h"
#include "import/haproxy.h"
#include "import/iptables.h"
#include "import/ipvs.h"
#include "import/k8s.h"
#include "import/keepalived.h"
#include "import/nftables.h"
#include "import/nginx.h"
#include "import/serving.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int import_serving(struct drafts *drafts, const char *text, const char *file,
			  struct failure *why);

static const struct importer importers[] = {
    {"auto", import_serving, {"sh", "-c", serving_script}, "what runs there"},
    {"envoy",
     envoy_import,
     {"curl", "-sSf", "http://127.0.0.1:9901/config_dump?include_eds"},
     "config_dump"},
    {"haproxy", haproxy_import, {"cat", "/etc/haproxy/haproxy.cfg"}, NULL},
    {"iptables",
     iptables_import,
     {"sh", "-c", "iptables-save || exit; { ip6tables-save; ipset save; } 2>/dev/null; true"},
     "iptables-save"},
    {"ipvs",
     ipvs_import,
     {"sh", "-c", "ipvsadm -Sn || exit; { iptables-save; ip6tables-save; } 2>/dev/null; true"},
     "ipvsadm"},
    {"keepalived", keepalived_import, {"cat", "/etc/keepalived/keepalived.conf"}, NULL},
    {"k8s",
     k8s_import,
     {"sh", "-c", "kubectl get services,endpointslices,nodes -A -o json"},
     "kubectl"},
    {"nft", nftables_import, {"nft", "-j", "list", "ruleset"}, NULL},
    {"nginx", nginx_import, {"nginx", "-T"}, NULL},
};

const struct importer *
importer_find(const char *name)
{
	for (size_t i = 0; i < sizeof(importers) / sizeof(*importers); i++)
		if (strcmp(importers[i].name, name) == 0)
			return &importers[i];
	return NULL;
}

/* Imports the configuration of everything that serves on a host: one that is malformed is said. */
static int
import_serving(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	char kind[SERVING_KIND_MAX], *configuration;
	bool is_found = false;

	while (serving_next(&text, kind, &configuration)) {
		const struct importer *importer = importer_find(kind);

		if (!configuration)
			return failure_nomem(why);
		is_found = true;
		if (importer && importer->import != import_serving &&
		    importer->import(drafts, configuration, importer->name, why) < 0)
			drafts_warn(drafts, (struct draft_location){importer->name, 0}, "%s",
				    why->text);
		free(configuration);
	}
	return is_found
		   ? 0
		   : failure_set(why, "%s: nothing that balances was found: name a kind", file);
}

static bool
is_directory(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* Prints the files, each after a mark that names it. In a directory only whole names count, as
 * HAProxy's -f has it. */
static char script[] =
    "say() { printf '# configuration file %s:\\n' \"$1\"; cat -- \"$1\" || exit; echo; }\n"
    "LC_ALL=C\n"
    "for f do\n"
    "  [ -d \"$f\" ] || { say \"$f\"; continue; }\n"
    "  for g in \"${f%/}\"/*.cfg; do [ ! -f \"$g\" ] || say \"$g\"; done\n"
    "done";

/* The name in warnings of what a command prints: the command, or the file. Heap; NULL: out of
 * memory. */
static char *
describe(const struct importer *importer, const struct importer_input *input, char *const *command)
{
	const bool is_cat = strcmp(command[0], "cat") == 0;
	struct strvec words = STRVEC_INIT;
	char *text, *source = NULL;

	if (input->file || is_cat)
		strvec_push(&words, input->file ? input->file : command[1]);
	else if (importer->says)
		strvec_push(&words, importer->says);
	else
		strvec_pushv(&words, command);
	text = words.failed ? NULL : strvec_join(&words, " ");
	strvec_release(&words);
	if (!input->engine || !text)
		return text;
	if (asprintf(&source, "%s:%s", input->engine, text) < 0)
		source = NULL;
	free(text);
	return source;
}

static char *
read_descriptor(const struct importer_input *input, const char *source, struct failure *why)
{
	char *text;
	size_t size;

	if (fileio_slurp(input->descriptor, input->size_max, source, &text, &size, why) < 0)
		return NULL;
	if (strlen(text) == size)
		return text;
	free(text);
	failure_set(why, "%s is not text: it has a NUL byte", source);
	return NULL;
}

static char *
read_main(const struct importer *importer, const struct importer_input *input, char **source,
	  struct failure *why)
{
	const char *file = input->file;
	struct strvec command = STRVEC_INIT;
	char *text = NULL;

	if (file && strcmp(file, "-") == 0) {
		*source = strdup("standard input");
		return *source ? read_descriptor(input, *source, why) : NULL;
	}
	if (!file)
		strvec_pushv(&command, importer->command);
	else if (strlen(file) > 1 &&
		 (file[strlen(file) - 1] == '/' || (!input->engine && is_directory(file))))
		strvec_pushl(&command, "sh", "-c", script, "sh", file, NULL);
	else
		strvec_pushl(&command, "cat", "--", file, NULL);
	*source = command.failed ? NULL : describe(importer, input, command.list);
	if (*source)
		text = input->run(input->context, command.list, why);
	strvec_release(&command);
	return text;
}

/* Appends the other files to text, which is freed; NULL with why: they cannot be read, or out of
 * memory. */
static char *
append_also(char *text, const struct importer_input *input, struct failure *why)
{
	struct strvec command = STRVEC_INIT;
	char *rest = NULL, *both = NULL;

	strvec_pushl(&command, "sh", "-c", script, "sh", NULL);
	strvec_pushv(&command, input->also);
	if (!command.failed)
		rest = input->run(input->context, command.list, why);
	if (rest && asprintf(&both, "%s\n%s", text, rest) < 0)
		both = NULL;
	strvec_release(&command);
	free(text);
	free(rest);
	return both;
}

char *
importer_read(const struct importer *importer, const struct importer_input *input, char **source,
	      struct failure *why)
{
	char *text;

	*source = NULL;
	failure_nomem(why);
	text = read_main(importer, input, source, why);
	if (text && input->also && input->also[0])
		text = append_also(text, input, why);
	if (!text) {
		free(*source);
		*source = NULL;
	}
	return text;
}

/* Why the words of a `from` line do not say where the input is; NULL: they do. */
static const char *
find_untold(const struct importer *importer, const struct importer_input *input,
	    const struct drafts *drafts)
{
	const char *file = input->file;

	if (importer->import == import_serving)
		return "'--from' needs the kind of what was found, not 'auto'";
	if ((input->also && input->also[0]) || drafts->backends)
		return "'--from' is for one file, without '--also' and '--backends'";
	if (!input->engine && (file || importer->import != k8s_import))
		return "'--from' needs the engine to ask again ('--engines')";
	if (file && (*file != '/' || strpbrk(file, " \t\r\n#")))
		return "'--from' needs an absolute path without blanks";
	return NULL;
}

char *
importer_from(const struct importer *importer, const struct importer_input *input,
	      const struct drafts *drafts, const char *name, struct failure *why)
{
	const char *reason = find_untold(importer, input, drafts);
	struct strvec words = STRVEC_INIT;
	char *text = NULL, *line = NULL;

	if (reason) {
		failure_set(why, "%s", reason);
		return NULL;
	}
	strvec_pushl(&words, importer->name, NULL);
	if (input->engine)
		strvec_push(&words, input->engine);
	strvec_push(&words, name);
	if (input->file)
		strvec_push(&words, input->file);
	text = words.failed ? NULL : strvec_join(&words, " ");
	if (!text || asprintf(&line, "from     %s\n", text) < 0) {
		failure_nomem(why);
		line = NULL;
	}
	free(text);
	strvec_release(&words);
	return line;
}

int
importer_import(const struct importer *importer, struct drafts *drafts, const char *text,
		const char *source, struct failure *why)
{
	if (importer->import(drafts, text, source, why) < 0)
		return -1;
	for (char *const *name = drafts->wanted; name && *name; name++)
		if (!drafts_find(drafts, *name))
			drafts_warn(drafts, (struct draft_location){source, 0},
				    "no such service: '%s'", *name);
	drafts_drop_empty(drafts);
	draft_overlap_remark(drafts);
	return drafts_are_complete(drafts) ? 0 : failure_nomem(why);
}
