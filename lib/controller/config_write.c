#include "controller/config_write.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "base/outfile.h"
#include "base/process.h"
#include "base/siphash.h"
#include "base/text.h"
#include "controller/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
path_of(const char *what, const char *name, config_variable *variable, struct failure *why)
{
	char *directory = config_directory(variable), *path = NULL;

	if (!directory || asprintf(&path, "%s/%s%s", directory, what, name) < 0) {
		failure_nomem(why);
		path = NULL;
	}
	free(directory);
	return path;
}

#define MARK      "# imported until here ("
#define MARK_REST "): vcap import -w keeps the lines below\n"

/* What is imported. */
struct part {
	const char *text, *from; /* NULL: it has no such line */
};

/* The hash of an imported part, as its mark has it. */
static uint64_t
hash_of(const char *text, size_t length)
{
	const struct siphash_key key = {{0, 0}};

	return siphash(&key, text, length);
}

/* The first line that begins with this; NULL: none. */
static char *
find_line(char *text, const char *beginning)
{
	while (text && strncmp(text, beginning, strlen(beginning)) != 0)
		text = (text = strchr(text, '\n')) ? text + 1 : NULL;
	return text;
}

/* Whether one of the lines before end begins with the keyword `from`. */
static bool
has_from(const char *text, const char *end)
{
	for (const char *next; text < end; text = next) {
		const char *word = text + strspn(text, " \t");

		next = text + strcspn(text, "\n");
		next += *next == '\n';
		if (strncmp(word, "from", 4) == 0 && (word[4] == ' ' || word[4] == '\t'))
			return true;
	}
	return false;
}

/* The file with part as its imported part, of which from is the end unless other lines have one. Heap; NULL:
 * out of memory. */
static char *
with_part(const char *head, size_t head_length, const struct part *part, const char *tail)
{
	const bool has_one =
	    has_from(head, head + head_length) || has_from(tail, tail + strlen(tail));
	char *text, *all = NULL;

	if (asprintf(&text, "%s%s", part->text, part->from && !has_one ? part->from : "") < 0)
		return NULL;
	if (asprintf(&all, "%.*s%s" MARK "%016" PRIx64 MARK_REST "%s", (int)head_length, head, text,
		     hash_of(text, strlen(text)), tail) < 0)
		all = NULL;
	free(text);
	return all;
}

/* Whether a file that is not marked is just the part, as printed. */
static bool
is_part(const char *file, const struct part *part)
{
	const size_t length = strlen(part->text);

	return strncmp(file, part->text, length) == 0 &&
	       (!file[length] || (part->from && strcmp(file + length, part->from) == 0));
}

/* What the file is, and becomes. */
struct change {
	char *before, *after; /* before NULL: there is no file */
	bool is_edited;       /* its imported part was, or is not marked */
};

/* Finds what becomes of the file's text. */
static void
compose(struct change *change, const struct part *part)
{
	char *before = change->before, *mark = before ? find_line(before, MARK) : NULL;
	char *begin = mark ? find_line(before, "# service ") : NULL, *tail;

	if (!mark) {
		change->after = with_part("", 0, part, "");
		change->is_edited = before && !is_part(before, part);
		return;
	}
	if (!begin || begin > mark)
		begin = before;
	tail = mark + strcspn(mark, "\n");
	tail += *tail == '\n';
	change->after = with_part(before, (size_t)(begin - before), part, tail);
	change->is_edited =
	    strtoull(mark + strlen(MARK), NULL, 16) != hash_of(begin, (size_t)(mark - begin));
}

static int
check(const char *name, const char *text, const char *path, struct failure *why)
{
	struct service service = SERVICE_INIT;
	int rc = service_parse(&service, name, text, path, why);

	if (rc == 0)
		service_release(&service);
	return rc;
}

/* The caller releases change in any case. */
static int
find_change(struct change *change, const char *name, const struct part *part, const char *path,
	    struct failure *why)
{
	struct config_file file = CONFIG_FILE_INIT;

	if (access(path, F_OK) == 0) {
		if (config_read(&file, path, why) < 0)
			return -1;
		change->before = file.text;
		file.text = NULL;
		config_file_release(&file);
	}
	compose(change, part);
	return change->after ? check(name, change->after, path, why) : failure_nomem(why);
}

/* Runs diff(1), whose lines are others' and may have anything in them. */
static int
print_change(const struct change *change, char *path, struct failure *why)
{
	const size_t length =
	    strlen(change->after) + (change->before ? strlen(change->before) : 0) + strlen(path);
	char *const argv[] = {"diff",    "-u", "--label", path,
			      "--label", path, "--",      change->before ? path : "/dev/null",
			      "-",       NULL};
	int in = process_input_open(change->after, strlen(change->after), why), rc = -1;
	int out = in < 0 ? -1 : process_output_open(4 * length + 4096, why);
	char *text = NULL;

	if (out >= 0)
		rc = process_run(argv, in, out, STDERR_FILENO, NS_PER_MINUTE, why);
	if (rc > 1)
		rc = failure_set(why, "'diff' failed");
	else if (rc >= 0 &&
		 (!(text = process_output_text(out)) || text_put_lines(stdout, text) < 0))
		rc = failure_nomem(why);
	free(text);
	fileio_close(&out);
	fileio_close(&in);
	return rc < 0 ? -1 : 0;
}

static int
write_change(const struct change *change, const char *path, struct failure *why)
{
	if (change->before && strcmp(change->before, change->after) == 0)
		return 0;
	if (fileio_make_parents(path, 0777, why) < 0)
		return -1;
	return outfile_replace(AT_FDCWD, path, change->after, strlen(change->after), why);
}

enum config_write_outcome
config_write_put(const char *name, const char *text, const char *from,
		 enum config_write_action action, bool by_force, config_variable *variable,
		 char **path, struct failure *why)
{
	const struct part part = {text, from};
	struct change change = {0};
	bool is_kept;
	int rc;

	*path = path_of("services/", name, variable, why);
	if (!*path || check(name, text, name, why) < 0)
		return CONFIG_WRITE_FAILED;
	if (action == CONFIG_WRITE_PRINT)
		return (text_put_lines(stdout, text) < 0 ||
			(from && text_put_lines(stdout, from) < 0)) &&
			       failure_nomem(why)
			   ? CONFIG_WRITE_FAILED
			   : CONFIG_WRITE_DONE;
	rc = find_change(&change, name, &part, *path, why);
	is_kept = change.is_edited && !by_force;
	if (rc == 0 && action == CONFIG_WRITE_COMPARE)
		rc = print_change(&change, *path, why);
	else if (rc == 0 && !is_kept)
		rc = write_change(&change, *path, why);
	free(change.before);
	free(change.after);
	return rc < 0 ? CONFIG_WRITE_FAILED : is_kept ? CONFIG_WRITE_DIFFERS : CONFIG_WRITE_DONE;
}

/* The engines file's line for this host. Heap; NULL: out of memory. */
static char *
local_line(config_variable *variable)
{
	char *spool = geteuid() == 0 ? NULL : config_spool(variable), *line = NULL;

	/* The engines file cannot express a blank. */
	if (spool && *spool == '/' && !spool[strcspn(spool, " \t\r\n")]) {
		if (asprintf(&line, "local dir=%s/run local\n", spool) < 0)
			line = NULL;
	} else {
		line = strdup("local local\n");
	}
	free(spool);
	return line;
}

/* Appends lines to the engines file at path, whose text is this. lines NULL: out of memory. */
static int
append(const char *path, const char *text, const char *lines, struct failure *why)
{
	const size_t length = strlen(text);
	char *all = NULL;
	int rc = -1;

	if (!lines || asprintf(&all, "%s%s%s", text, length && text[length - 1] != '\n' ? "\n" : "",
			       lines) < 0)
		failure_nomem(why);
	else if (fileio_make_parents(path, 0777, why) == 0)
		rc = outfile_replace(AT_FDCWD, path, all, strlen(all), why);
	free(all);
	return rc;
}

/* Reads the engines file at path, if there is one. The caller releases both in any case. */
static int
read_engines(const char *path, struct config_file *file, struct engines *engines,
	     struct failure *why)
{
	if (access(path, F_OK) != 0)
		return 0;
	return config_read(file, path, why) < 0 ? -1
						: engines_parse(engines, file->text, path, why);
}

int
config_write_nodes(char *const *names, config_variable *variable, struct failure *why)
{
	char *path = path_of("engines", "", variable, why);
	char *script = process_sibling("../libexec/vcap/vcap-kubectl"), *text;
	struct config_file file = CONFIG_FILE_INIT;
	struct engines engines = ENGINES_INIT;
	struct strvec lines = STRVEC_INIT;
	int rc = path ? read_engines(path, &file, &engines, why) : -1;

	for (; rc == 0 && script && names && *names; names++)
		if (!engines_find(&engines, *names, NULL))
			strvec_pushf(&lines, "%s exec %s %s\n", *names, script, *names);
	if (rc == 0 && lines.count) {
		text = strvec_join(&lines, "");
		rc = append(path, file.text ? file.text : "", text, why);
		free(text);
	}
	strvec_release(&lines);
	engines_release(&engines);
	config_file_release(&file);
	free(script);
	free(path);
	return rc;
}

char *
config_write_local(bool may_write, config_variable *variable, struct failure *why)
{
	char *path = path_of("engines", "", variable, why), *name = NULL;
	struct config_file file = CONFIG_FILE_INIT;
	struct engines engines = ENGINES_INIT;
	int rc = path ? 0 : -1;

	if (rc == 0)
		rc = read_engines(path, &file, &engines, why);
	for (size_t i = 0; rc == 0 && !name && i < engines.count; i++)
		if (engines.list[i].transport == ENGINE_LOCAL)
			name = strdup(engines.list[i].name);
	if (rc == 0 && !name) {
		if (engines_find(&engines, "local", NULL))
			rc = failure_set(why, "engine 'local' is not this host, which has none");
		else if (may_write && (name = local_line(variable)))
			rc = append(path, file.text ? file.text : "", name, why);
		free(name);
		name = NULL;
		if (rc == 0)
			name = strdup("local");
	}
	engines_release(&engines);
	config_file_release(&file);
	free(path);
	return name;
}
