#include "controller/engine.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/strvec.h"
#include "flows/keysource_spec.h"
#include "flows/trigger_spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Splits a line at separators, up to a word that starts with '#', into a list that may be empty.
 * NULL: out of memory. */
static char **
split(const char *line, size_t length, const char *separators)
{
	struct strvec words = {.list = calloc(1, sizeof(char *))};
	const char *end = line + length;

	words.failed = !words.list;
	while (line < end && !words.failed) {
		const char *start = line;

		while (line < end && !strchr(separators, *line))
			line++;
		if (line > start && *start == '#')
			break;
		if (line > start)
			strvec_push_nodup(&words, strndup(start, (size_t)(line - start)));
		line += line < end;
	}
	return strvec_detach(&words);
}

/* [USER@]HOST, HOST a name or an address. Refuses what ssh would take for an option, and characters
 * that are special to a shell. */
static bool
is_destination(const char *word)
{
	const char *host = strrchr(word, '@');

	if (strlen(word) > 320 || (!isalnum((unsigned char)*word) && !strchr("_:", *word)))
		return false;
	host = host ? host + 1 : word;
	if (strlen(host) > 253 || (!isalnum((unsigned char)*host) && *host != ':'))
		return false;
	for (const char *s = word; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._:-", *s) && s != host - 1)
			return false;
	return true;
}

/* The first word that is not an option of ssh which an engine may have; NULL: there is none.
 * Allowed are options that say how to reach a host, not those that change what a session is, such
 * as -t or -N; an operand would be taken for the destination. */
static const char *
bad_ssh_option(char *const *words)
{
	static const char flags[] = "46CKkqv", valued[] = "BbcFIiJlmop";

	for (; *words; words++) {
		const char *word = *words;

		if (word[0] != '-' || !word[1])
			return word;
		for (word++; *word && strchr(flags, *word); word++)
			;
		if (!*word)
			continue;
		if (!strchr(valued, *word) || (!word[1] && !words[1]))
			return *words;
		words += !word[1];
	}
	return NULL;
}

static int
replace(char **to, const char *value)
{
	free(*to);
	*to = strdup(value);
	return *to ? 0 : -1;
}

static int
set_directory(char **to, const char *value)
{
	return value[0] == '/' ? replace(to, value) : -1;
}

static int
set_flows(char **to, const char *value)
{
	struct pairsource_spec source;

	return pairsource_spec_parse(&source, value, NULL) == 0 ? replace(to, value) : -1;
}

static int
set_keys(char **to, const char *value)
{
	struct pairsource_spec source;

	return keysource_spec_parse(&source, value, NULL) == 0 ? replace(to, value) : -1;
}

/* A list with commas, of words that are good. */
static int
set_list(char ***to, const char *value, bool (*is_good)(const char *word))
{
	char **list = split(value, strlen(value), ",");

	strvec_free(*to);
	*to = list;
	if (!list || !*list)
		return -1;
	for (; *list; list++)
		if (!is_good(*list))
			return -1;
	return 0;
}

/* One KEY=VALUE word, or `region`. */
static int
set_option(struct engine *engine, const char *word, struct failure *why)
{
	const char *value = strchr(word, '=');
	size_t length = value ? (size_t)(value - word) : strlen(word);
	int rc;

	if (strcmp(word, "region") == 0) {
		engine->is_region = true;
		return 0;
	}
	if (!value)
		return failure_set(why, "unknown transport '%s'", word);
	value++;
	if (length == 5 && strncmp(word, "iface", length) == 0) {
		rc = set_list(&engine->interfaces, value, parse_is_interface);
	} else if (length == 4 && strncmp(word, "wait", length) == 0) {
		rc = set_list(&engine->awaited, value, parse_is_interface);
	} else if (length == 3 && strncmp(word, "bin", length) == 0) {
		rc = set_directory(&engine->bin, value);
	} else if (length == 3 && strncmp(word, "dir", length) == 0) {
		rc = set_directory(&engine->directory, value);
	} else if (length == 2 && strncmp(word, "as", length) == 0) {
		engine->sudo = true;
		rc = strcmp(value, "sudo") == 0 ? 0 : -1;
	} else if (length == 8 && strncmp(word, "compress", length) == 0) {
		engine->compress = true;
		rc = strcmp(value, "zstd") == 0 ? 0 : -1;
	} else if (length == 7 && strncmp(word, "bwlimit", length) == 0) {
		rc = parse_size(value, &engine->rate, NULL);
	} else if (length == 5 && strncmp(word, "flows", length) == 0) {
		rc = set_flows(&engine->flows, value);
	} else if (length == 5 && strncmp(word, "watch", length) == 0) {
		rc = set_list(&engine->watched, value, trigger_spec_is_path);
	} else if (length == 4 && strncmp(word, "keys", length) == 0) {
		rc = set_keys(&engine->keys, value);
	} else {
		return failure_set(why, "unknown setting '%s'", word);
	}
	return rc == 0 ? 0 : failure_set(why, "bad setting '%s'", word);
}

static int
set_transport(struct engine *engine, char *const *words, struct failure *why)
{
	struct strvec rest = STRVEC_INIT;

	if (strcmp(*words, "local") == 0)
		engine->transport = ENGINE_LOCAL;
	else if (strcmp(*words, "ssh") == 0)
		engine->transport = ENGINE_SSH;
	else
		engine->transport = ENGINE_EXEC;
	if (engine->transport == ENGINE_LOCAL && words[1])
		return failure_set(why, "nothing may follow 'local': '%s'", words[1]);
	if (engine->transport == ENGINE_LOCAL)
		return 0;
	if (!words[1])
		return failure_set(why, "'%s' needs %s", *words,
				   engine->transport == ENGINE_SSH ? "a destination" : "a command");
	if (engine->transport == ENGINE_SSH && !is_destination(words[1]))
		return failure_set(why, "not a destination: '%s'", words[1]);
	if (engine->transport == ENGINE_SSH && bad_ssh_option(words + 2))
		return failure_set(why, "ssh option is not allowed here: '%s'",
				   bad_ssh_option(words + 2));
	strvec_pushv(&rest, words + 1);
	engine->words = strvec_detach(&rest);
	return engine->words ? 0 : failure_nomem(why);
}

static bool
is_transport(const char *word)
{
	return strcmp(word, "local") == 0 || strcmp(word, "ssh") == 0 || strcmp(word, "exec") == 0;
}

static void
engine_release(struct engine *engine)
{
	free(engine->name);
	free(engine->bin);
	free(engine->directory);
	free(engine->flows);
	free(engine->keys);
	strvec_free(engine->interfaces);
	strvec_free(engine->awaited);
	strvec_free(engine->watched);
	strvec_free(engine->words);
}

/* Parses the words of a line into engine, which the caller releases in any case. */
static int
parse_line(struct engine *engine, char *const *words, struct failure *why)
{
	if (!parse_is_name(*words))
		return failure_set(why, "not an engine's name: '%s'", *words);
	engine->name = strdup(*words++);
	engine->directory = strdup(ENGINE_DIRECTORY);
	if (!engine->name || !engine->directory)
		return failure_nomem(why);
	for (; *words && !is_transport(*words); words++)
		if (set_option(engine, *words, why) < 0)
			return -1;
	if (!*words)
		return failure_set(why, "engine '%s' has no transport (local, ssh or exec)",
				   engine->name);
	return set_transport(engine, words, why);
}

static int
append(struct engines *engines, const struct engine *engine, struct failure *why)
{
	if (engines_find(engines, engine->name, NULL))
		return failure_set(why, "duplicate engine '%s'", engine->name);
	if (array_grow(&engines->list, engines->count, sizeof(*engine)) < 0)
		return failure_nomem(why);
	engines->list[engines->count++] = *engine;
	return 0;
}

/* No engine has the transport `required`. */
static bool
is_audit(char *const *words)
{
	return strcmp(words[0], "audit") == 0 && words[1] && strcmp(words[1], "required") == 0;
}

/* Parses the words of a line, at least one. -1: the caller releases engine. */
static int
parse_words(struct engines *engines, struct engine *engine, char *const *words, struct failure *why)
{
	if (!is_audit(words))
		return parse_line(engine, words, why) < 0 ? -1 : append(engines, engine, why);
	if (words[2])
		return failure_set(why, "nothing may follow 'audit required': '%s'", words[2]);
	engines->audit = AUDIT_REQUIRED;
	return 0;
}

int
engines_parse(struct engines *engines, const char *text, const char *file, struct failure *why)
{
	struct failure detail = FAILURE_INIT;
	unsigned line = 1;

	*engines = ENGINES_INIT;
	for (const char *s = text; *s; line++) {
		size_t length = strcspn(s, "\n");
		char **words = split(s, length, " \t\r");
		struct engine engine = {0};
		int rc = 0;

		if (!words)
			rc = failure_nomem(&detail);
		else if (*words)
			rc = parse_words(engines, &engine, words, &detail);
		strvec_free(words);
		if (rc < 0) {
			engine_release(&engine);
			engines_release(engines);
			return failure_set(why, "%s:%u: %s", file, line, detail.text);
		}
		s += length;
		s += *s == '\n';
	}
	for (size_t i = 0; i < engines->count; i++)
		engines->list[i].must_log = engines->audit == AUDIT_REQUIRED;
	return 0;
}

/* Heap; NULL: out of memory. */
static char *
engines_path(config_variable *variable)
{
	char *directory = config_directory(variable), *path = NULL;

	if (directory && asprintf(&path, "%s/engines", directory) < 0)
		path = NULL;
	free(directory);
	return path;
}

/* Reads the engines file; -1 with why and errno. */
static int
read_file(struct config_file *file, config_variable *variable, struct failure *why)
{
	char *path = engines_path(variable);
	int rc, error;

	*file = CONFIG_FILE_INIT;
	errno = 0;
	rc = path ? config_read(file, path, why) : failure_nomem(why);
	error = errno;
	free(path);
	errno = error;
	return rc;
}

int
engines_load(struct engines *engines, config_variable *variable, struct failure *why)
{
	struct config_file file;
	int rc;

	*engines = ENGINES_INIT;
	rc = read_file(&file, variable, why);
	if (rc < 0 && errno == ENOENT && why) {
		const struct failure absent = *why;

		failure_set(why, "%s ('vcap init' makes one)", absent.text);
	}
	if (rc == 0)
		rc = engines_parse(engines, file.text, file.path, why);
	config_file_release(&file);
	return rc;
}

enum audit_need
engines_audit_need(config_variable *variable)
{
	struct config_file file;
	enum audit_need need = AUDIT_WANTED;

	if (read_file(&file, variable, NULL) < 0)
		return errno == ENOENT ? AUDIT_WANTED : AUDIT_REQUIRED;
	for (char *rest = file.text, *line; (line = strsep(&rest, "\n"));) {
		char **words = split(line, strlen(line), " \t\r");

		if (!words || (*words && is_audit(words)))
			need = AUDIT_REQUIRED;
		strvec_free(words);
	}
	config_file_release(&file);
	return need;
}

uint64_t
engines_stamp(config_variable *variable)
{
	char *path = engines_path(variable);
	struct stat st = {0};
	const bool is_there = path && stat(path, &st) == 0;

	free(path);
	return is_there ? (uint64_t)st.st_ctim.tv_sec * NS_PER_SECOND +
			      (uint64_t)st.st_ctim.tv_nsec + st.st_ino
			: 0;
}

void
engines_release(struct engines *engines)
{
	for (size_t i = 0; i < engines->count; i++)
		engine_release(&engines->list[i]);
	free(engines->list);
	*engines = ENGINES_INIT;
}

const struct engine *
engines_find(const struct engines *engines, const char *name, struct failure *why)
{
	for (size_t i = 0; i < engines->count; i++)
		if (strcmp(engines->list[i].name, name) == 0)
			return &engines->list[i];
	failure_set(why, "unknown engine '%s'", name);
	return NULL;
}

char **
engines_list(const char *list, config_variable *variable, struct failure *why)
{
	struct engines known = ENGINES_INIT;
	struct strvec names = STRVEC_INIT;
	char *copy = strdup(list), *rest = copy, **found = NULL;
	int rc = copy ? engines_load(&known, variable, why) : failure_nomem(why);

	for (char *name; rc == 0 && (name = strsep(&rest, ","));) {
		if (!engines_find(&known, name, why))
			rc = -1;
		else if (!strvec_has(&names, name))
			strvec_push(&names, name);
	}
	found = strvec_detach(&names);
	if (rc == 0 && !found)
		failure_nomem(why);
	if (rc < 0) {
		strvec_free(found);
		found = NULL;
	}
	engines_release(&known);
	free(copy);
	return found;
}

bool
engine_is_listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *s = list; *s; s += strspn(s, ",")) {
		if (strcspn(s, ",") == length && strncmp(s, name, length) == 0)
			return true;
		s += strcspn(s, ",");
	}
	return false;
}

const char *
engine_transport_name(enum engine_transport transport)
{
	static const char *const names[] = {"local", "ssh", "exec"};

	return names[transport];
}

char *
engine_capture_directory(const struct engine *engine, const char *id)
{
	char *path;

	if (engine->is_region)
		return strdup(id);
	return asprintf(&path, "%s/%s.%s", engine->directory, id, engine->name) < 0 ? NULL : path;
}
