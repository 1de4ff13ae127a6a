/*
 * An expression is a list of steps between commas that are outside parentheses: something of the
 * request, then converters. What the request holds is not known, so only a step whose result is one
 * of a list says anything: a map's file has all results, `var(NAME)` those of the lines that set it,
 * and `str(TEXT)` is one. The converters before such a step do not matter; those after it are
 * applied if they are `lower`, `upper` or `field`, and make the names unknown otherwise.
 *
 * A variable may be set from another, and that from the first: the steps that are taken in all are
 * counted.
 */
#include "import/haproxy_names.h"

#include "base/array.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX     64
#define VARIABLES_MAX 100 /* looked up for one word */

/* The evaluation of one word. */
struct evaluation {
	const struct haproxy_conf *conf;
	const struct haproxy_section *section;
	struct haproxy_maps *maps;
	struct strvec *unknown;
	unsigned variables; /* looked up so far */
};

static void evaluate_text(struct evaluation *evaluation, const char *text, struct strvec *values);

void
haproxy_maps_release(struct haproxy_maps *maps)
{
	for (size_t i = 0; i < maps->count; i++) {
		free(maps->list[i].path);
		free(maps->list[i].text);
		free(maps->list[i].reason);
	}
	free(maps->list);
	*maps = HAPROXY_MAPS_INIT;
}

/* A file's path where HAProxy finds it: `default-path` is a setting of the global section. Heap;
 * NULL: out of memory. */
static char *
full_path(const struct haproxy_conf *conf, const char *path)
{
	const char *slash = strrchr(conf->file, '/');
	const char *base = NULL, *mode = "";
	char *full;

	for (size_t i = 0; i < conf->line_count; i++) {
		if (!haproxy_line_is(&conf->lines[i], 0, "default-path"))
			continue;
		mode = haproxy_line_word(&conf->lines[i], 1);
		base = haproxy_line_word(&conf->lines[i], 2);
	}
	if (*path == '/' || !*mode || strcmp(mode, "current") == 0)
		return strdup(path);
	if (strcmp(mode, "origin") == 0)
		return asprintf(&full, "%s/%s", base, path) < 0 ? NULL : full;
	return asprintf(&full, "%.*s/%s%s", slash ? (int)(slash - conf->file) : 1,
			slash ? conf->file : ".", strcmp(mode, "parent") == 0 ? "../" : "",
			path) < 0
		   ? NULL
		   : full;
}

/* Reads the file of a map that is not there yet, as the last of maps. */
static int
read_map(struct evaluation *evaluation, const char *path)
{
	struct drafts *drafts = evaluation->conf->drafts;
	struct haproxy_maps *maps = evaluation->maps;
	struct failure why = FAILURE_INIT;
	struct haproxy_map map = {.path = strdup(path)};
	char *full = full_path(evaluation->conf, path);

	if (!map.path || !full || array_grow(&maps->list, maps->count, sizeof(map)) < 0) {
		free(map.path);
		free(full);
		drafts->failed = true;
		return -1;
	}
	if (!drafts->read)
		failure_set(&why, "files are not read");
	else if (maps->count >= FILES_MAX)
		failure_set(&why, "too many files");
	else
		map.text = drafts->read(drafts->context, full, &why);
	if (!map.text)
		map.reason = strdup(why.text);
	drafts->failed |= !map.text && !map.reason;
	maps->list[maps->count++] = map;
	free(full);
	return 0;
}

static const struct haproxy_map *
find_map(struct evaluation *evaluation, const char *path)
{
	const struct haproxy_maps *maps = evaluation->maps;

	for (size_t i = 0; i < maps->count; i++)
		if (strcmp(maps->list[i].path, path) == 0)
			return &maps->list[i];
	return read_map(evaluation, path) < 0 ? NULL : &maps->list[maps->count - 1];
}

static void
push_once(struct strvec *values, const char *value)
{
	if (!strvec_has(values, value))
		strvec_push(values, value);
}

static int
compare_texts(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Appends the values of a map's lines, KEY VALUE. Empty lines and comments are none. Sorted, so that
 * each is once however many there are. */
static void
add_map_values(const char *text, struct strvec *values)
{
	static const char blanks[] = " \t\r";
	struct strvec found = STRVEC_INIT;

	while (*text) {
		const size_t length = strcspn(text, "\n");
		const char *end = text + length, *at = text + strspn(text, blanks);
		char *value;

		text = end + (*end == '\n');
		if (at >= end || *at == '#')
			continue;
		at += strcspn(at, " \t\r\n");
		at += strspn(at, blanks);
		while (end > at && strchr(blanks, end[-1]))
			end--;
		if (at >= end)
			continue;
		value = strndup(at, (size_t)(end - at));
		strvec_push_nodup(&found, value);
	}
	if (found.count)
		qsort(found.list, found.count, sizeof(*found.list), compare_texts);
	for (size_t i = 0; i < found.count; i++)
		if (i == 0 || strcmp(found.list[i], found.list[i - 1]) != 0)
			strvec_push(values, found.list[i]);
	values->failed |= found.failed;
	strvec_release(&found);
}

static void __attribute__((format(printf, 2, 3)))
add_unknown(struct evaluation *evaluation, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	push_once(evaluation->unknown, text);
}

/* A map step's arguments, FILE[,DEFAULT]. */
static void
evaluate_map(struct evaluation *evaluation, char *arguments, struct strvec *values)
{
	char *file = strsep(&arguments, ",");
	const struct haproxy_map *map;

	if (strncmp(file, "virt@", 5) == 0) {
		add_unknown(evaluation, "the map is in HAProxy's memory only: '%s'", file);
		return;
	}
	if (strncmp(file, "opt@", 4) == 0 || strncmp(file, "file@", 5) == 0)
		file = strchr(file, '@') + 1;
	if (arguments && *arguments)
		push_once(values, arguments);
	map = find_map(evaluation, file);
	if (map && map->text)
		add_map_values(map->text, values);
	else if (map)
		add_unknown(evaluation, "the backends that a map names are not known: '%s' (%s)",
			    file, map->reason ? map->reason : "");
}

/* The end of the first step of steps, which ends at a comma outside parentheses. */
static size_t
step_length(const char *steps)
{
	unsigned depth = 0;
	size_t i = 0;

	for (; steps[i] && (depth || steps[i] != ','); i++) {
		if (steps[i] == '(')
			depth++;
		else if (steps[i] == ')' && depth)
			depth--;
	}
	return i;
}

/* The arguments of a step NAME(ARGUMENTS), whose name is ended in place; NULL: it has none. */
static char *
split_arguments(char *step)
{
	char *arguments = strchr(step, '(');
	const size_t length = strlen(step);

	if (!arguments || step[length - 1] != ')')
		return NULL;
	step[length - 1] = '\0';
	*arguments = '\0';
	return arguments + 1;
}

static void evaluate_steps(struct evaluation *evaluation, const char *steps, struct strvec *values);

/* Appends what lines of the global section set a variable of the process to; false: none does. */
static bool
evaluate_process_variable(struct evaluation *evaluation, const char *name, struct strvec *values)
{
	const struct haproxy_conf *conf = evaluation->conf;
	bool is_set = false;

	for (size_t i = 0; i < conf->line_count; i++) {
		const struct haproxy_line *line = &conf->lines[i];
		const bool is_format = haproxy_line_is(line, 0, "set-var-fmt");

		if ((!is_format && !haproxy_line_is(line, 0, "set-var")) ||
		    !haproxy_line_is(line, 1, name) || line->count < 3)
			continue;
		is_set = true;
		if (is_format)
			evaluate_text(evaluation, line->words[2], values);
		else
			evaluate_steps(evaluation, line->words[2], values);
	}
	return is_set;
}

/* Appends what the section's lines set the variable to. */
static void
evaluate_variable(struct evaluation *evaluation, const char *name, struct strvec *values)
{
	bool is_set;

	if (evaluation->variables++ >= VARIABLES_MAX) {
		add_unknown(evaluation, "too many variables");
		return;
	}
	is_set = evaluate_process_variable(evaluation, name, values);
	for (const struct haproxy_section *section = evaluation->section; section;
	     section = section->defaults) {
		for (const struct haproxy_line *line = section->first; line < section->end;
		     line++) {
			for (size_t i = 1; i + 1 < line->count; i++) {
				const char *word = line->words[i];
				const bool is_format = strncmp(word, "set-var-fmt(", 12) == 0;
				const size_t from = is_format ? 12 : 8, length = strlen(name);

				if ((!is_format && strncmp(word, "set-var(", 8) != 0) ||
				    strncmp(word + from, name, length) != 0 ||
				    !strchr("),", word[from + length]))
					continue;
				is_set = true;
				if (is_format)
					evaluate_text(evaluation, line->words[i + 1], values);
				else
					evaluate_steps(evaluation, line->words[i + 1], values);
			}
		}
	}
	if (!is_set)
		add_unknown(evaluation, "nothing sets the variable that names the backend: '%s'",
			    name);
}

/* The N-th field between separators, from the last if N is negative, in place; empty if there is
 * none. */
static void
cut_field(char *value, const char *arguments)
{
	const bool from_end = *arguments == '-';
	const size_t length = strcspn(arguments, ",");
	const char *separators = arguments[length] ? arguments + length + 1 : "";
	unsigned count = 1, wanted = (unsigned)strtoul(arguments + from_end, NULL, 10);
	char *at = value;

	for (const char *s = value; *s; s++)
		count += strchr(separators, *s) != NULL;
	if (from_end)
		wanted = wanted <= count ? count + 1 - wanted : 0;
	if (wanted == 0 || wanted > count) {
		*value = '\0';
		return;
	}
	for (; wanted > 1; at++)
		wanted -= strchr(separators, *at) != NULL;
	at[strcspn(at, separators)] = '\0';
	memmove(value, at, strlen(at) + 1);
}

/* Applies a converter to all values; false: it is not known. */
static bool
convert(struct strvec *values, const char *name, const char *arguments)
{
	const bool is_case = strcmp(name, "lower") == 0 || strcmp(name, "upper") == 0;

	if (!is_case && !(strcmp(name, "field") == 0 && arguments))
		return false;
	for (size_t i = 0; i < values->count; i++) {
		if (!is_case)
			cut_field(values->list[i], arguments);
		for (char *s = values->list[i]; is_case && *s; s++)
			*s = (char)(*name == 'l' ? tolower((unsigned char)*s)
						 : toupper((unsigned char)*s));
	}
	return true;
}

/* The next step of *at, which is moved behind it. Heap; NULL: out of memory. */
static char *
next_step(const char **at)
{
	const size_t length = step_length(*at);
	char *step = strndup(*at, length);

	*at += length + ((*at)[length] == ',');
	return step;
}

/* Whether the step's results are those of a list, whatever precedes it. */
static bool
is_list(const char *step)
{
	return strncmp(step, "map(", 4) == 0 || strncmp(step, "map_", 4) == 0 ||
	       strncmp(step, "var(", 4) == 0 || strncmp(step, "str(", 4) == 0;
}

/* Takes a step: finds values, or converts those there are. false: the values are not known. */
static bool
take_step(struct evaluation *evaluation, char *step, struct strvec *values)
{
	const bool lists = is_list(step);
	char *arguments = split_arguments(step);

	if (!lists)
		return convert(values, step, arguments);
	if (!arguments)
		return false;
	if (*step == 'm')
		evaluate_map(evaluation, arguments, values);
	else if (*step == 'v')
		evaluate_variable(evaluation, arguments, values);
	else
		strvec_push(values, arguments);
	return true;
}

/* Appends the values of an expression. */
static void
evaluate_steps(struct evaluation *evaluation, const char *steps, struct strvec *values)
{
	struct strvec found = STRVEC_INIT;
	const char *from = NULL;
	bool is_known;

	for (const char *at = steps; *at; at += step_length(at), at += *at == ',')
		if (is_list(at))
			from = at;
	is_known = from != NULL;
	while (is_known && *from) {
		char *step = next_step(&from);

		is_known = step && take_step(evaluation, step, &found);
		found.failed |= !step;
		free(step);
	}
	if (!is_known)
		add_unknown(evaluation, "the backend is chosen by an expression: '%s'", steps);
	for (size_t i = 0; is_known && i < found.count; i++)
		if (*found.list[i])
			push_once(values, found.list[i]);
	values->failed |= found.failed;
	strvec_release(&found);
}

/* Appends the values of TEXT%[EXPRESSION]TEXT. */
static void
evaluate_text(struct evaluation *evaluation, const char *text, struct strvec *values)
{
	const char *open = strstr(text, "%["), *close = strrchr(text, ']');
	struct strvec found = STRVEC_INIT;
	char *steps;

	if (!strchr(text, '%') && !strchr(text, '$')) {
		push_once(values, text);
		return;
	}
	if (!open || !close || close < open || strstr(open + 2, "%[") ||
	    memchr(text, '%', (size_t)(open - text)) || strchr(close, '%')) {
		add_unknown(evaluation, "the backend is chosen by an expression: '%s'", text);
		return;
	}
	steps = strndup(open + 2, (size_t)(close - open - 2));
	if (steps)
		evaluate_steps(evaluation, steps, &found);
	else
		found.failed = true;
	free(steps);
	for (size_t i = 0; i < found.count; i++)
		strvec_pushf(values, "%.*s%s%s", (int)(open - text), text, found.list[i],
			     close + 1);
	values->failed |= found.failed;
	strvec_release(&found);
}

void
haproxy_names_find(const struct haproxy_conf *conf, const struct haproxy_section *section,
		   const char *word, struct haproxy_maps *maps, struct strvec *names,
		   struct strvec *unknown)
{
	struct evaluation evaluation = {conf, section, maps, unknown, 0};

	evaluate_text(&evaluation, word, names);
}
