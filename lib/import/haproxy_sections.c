/*
 * As HAProxy does, this reads the configuration top down: a section extends from a line that begins
 * with a section keyword to the next such line, and inherits from the nearest defaults section
 * above unless `from NAME` selects another. A setting is looked up from the last line of the
 * section to its first, then in its defaults and in theirs; the first hit is the one that HAProxy
 * applies. Variables are expanded while lines are read, since `setenv` affects only the lines
 * below.
 *
 * Conditional blocks are not evaluated. Their lines are skipped with a warning; a section that
 * begins inside such a block is kept as HAPROXY_OTHER, so that lines after `.endif`, which may
 * belong to it, are not attributed to the section above.
 */
#include "import/haproxy_sections.h"

#include "base/strvec.h"
#include "import/haproxy_lexer.h"

#include <stdlib.h>
#include <string.h>

const char *
haproxy_line_word(const struct haproxy_line *line, size_t i)
{
	return i < line->count ? line->words[i] : "";
}

bool
haproxy_line_is(const struct haproxy_line *line, size_t i, const char *word)
{
	return strcmp(haproxy_line_word(line, i), word) == 0;
}

static bool
is_any(const char *word, const char *const *list)
{
	while (*list && strcmp(*list, word) != 0)
		list++;
	return *list;
}

bool
haproxy_line_has(const struct haproxy_line *line, const char *word)
{
	return line && is_any(word, (const char *const *)line->words);
}

const char *
haproxy_line_value(const struct haproxy_line *line, const char *name)
{
	for (size_t i = 0; line && i + 1 < line->count; i++)
		if (haproxy_line_is(line, i, name))
			return line->words[i + 1];
	return NULL;
}

/* The kind of the section that the line begins; -1: it begins none. */
static int
section_kind(const struct haproxy_line *line)
{
	static const char *const kinds[] = {"defaults", "frontend", "listen", "backend"};
	static const char *const others[] = {
	    "global", "peers",       "resolvers", "mailers",     "userlist",       "cache",
	    "ring",   "program",     "fcgi-app",  "log-forward", "http-errors",    "crt-store",
	    "traces", "log-profile", "acme",      "udp-lb",      "namespace_list", NULL};

	for (int i = 0; i < HAPROXY_OTHER; i++)
		if (haproxy_line_is(line, 0, kinds[i]))
			return i;
	return is_any(haproxy_line_word(line, 0), others) ? HAPROXY_OTHER : -1;
}

/* Whether the line is part of a conditional block; *depth is the number of open `.if`s. */
static bool
is_conditional(struct haproxy_conf *conf, const struct haproxy_line *line, unsigned *depth)
{
	const bool inside = *depth > 0;

	if (haproxy_line_is(line, 0, ".if")) {
		if ((*depth)++ == 0)
			drafts_warn(conf->drafts, line->at,
				    "'.if' is not evaluated: lines up to its '.endif' are skipped");
		return true;
	}
	if (haproxy_line_is(line, 0, ".endif") && inside)
		--*depth;
	return inside || haproxy_line_word(line, 0)[0] == '.';
}

/* Records the line's effect on the environment, as haproxy_lexer.h describes it. */
static void
set_variables(struct strvec *variables, const struct haproxy_line *line)
{
	const bool is_setenv = haproxy_line_is(line, 0, "setenv");

	if (is_setenv && line->count == 3 && !line->is_conditional)
		strvec_pushf(variables, "%s=%s", line->words[1], line->words[2]);
	else if (is_setenv && line->count > 1)
		strvec_push(variables, line->words[1]);
	else if (haproxy_line_is(line, 0, "resetenv"))
		strvec_push(variables, "");
	for (size_t i = 1; haproxy_line_is(line, 0, "unsetenv") && i < line->count; i++)
		strvec_push(variables, line->words[i]);
}

/* Splits a line into words; a malformed one has none, and gives a warning. */
static void
split_line(struct haproxy_conf *conf, struct haproxy_line *line, const char *text, size_t length,
	   const struct strvec *variables)
{
	struct strvec words = STRVEC_INIT;
	struct failure why = FAILURE_INIT;

	if (haproxy_lexer_split(text, length, variables, &words, &why) < 0) {
		drafts_warn(conf->drafts, line->at, "%s", why.text);
		strvec_release(&words);
		words = STRVEC_INIT;
	}
	line->count = words.count;
	line->words = strvec_detach(&words);
}

/* Whether the line of this length is the mark before a file, whose name is added to files then. */
static bool
begins_file(struct haproxy_conf *conf, const char *text, size_t length)
{
	static const char mark[] = "# configuration file ";
	const size_t before = strlen(mark);
	char *name;

	if (length < before + 2 || strncmp(text, mark, before) != 0 || text[length - 1] != ':')
		return false;
	name = strndup(text + before, length - before - 1);
	strvec_push_nodup(&conf->files, name);
	return name && !conf->files.failed;
}

static bool
leads_to_servers(const struct haproxy_line *line)
{
	static const char *const keywords[] = {"server",      "server-template", "dispatch",
					       "use_backend", "default_backend", NULL};

	return is_any(haproxy_line_word(line, 0), keywords);
}

bool
haproxy_section_hides_servers(const struct haproxy_section *section)
{
	/* The line before the first is the section's head. */
	for (const struct haproxy_line *line = section->first - 1; line < section->end; line++)
		if (line->hides_servers)
			return true;
	return false;
}

static int
read_lines(struct haproxy_conf *conf, const char *text, struct failure *why)
{
	struct strvec variables = STRVEC_INIT;
	struct draft_location at = {conf->file, 0};
	unsigned depth = 0;

	while (*text) {
		size_t length = strcspn(text, "\n");
		struct haproxy_line line;

		at.line++;
		if (begins_file(conf, text, length)) {
			at = (struct draft_location){conf->files.list[conf->files.count - 1], 0};
			depth = 0;
		}
		line = (struct haproxy_line){.at = at};

		split_line(conf, &line, text, length, &variables);
		text += length + (text[length] == '\n');
		line.is_conditional = line.count > 0 && is_conditional(conf, &line, &depth);
		set_variables(&variables, &line);
		if (line.is_conditional && leads_to_servers(&line) && conf->line_count > 0)
			conf->lines[conf->line_count - 1].hides_servers = true;
		if (line.count == 0 || (line.is_conditional && section_kind(&line) < 0))
			strvec_free(line.words);
		else
			conf->lines[conf->line_count++] = line;
	}
	conf->drafts->failed |= variables.failed || conf->files.failed;
	strvec_release(&variables);
	return conf->drafts->failed ? failure_nomem(why) : 0;
}

const struct haproxy_section *
haproxy_conf_find(const struct haproxy_conf *conf, const char *name, unsigned kinds)
{
	for (size_t i = conf->section_count; i > 0; i--)
		if ((kinds & 1u << conf->sections[i - 1].kind) &&
		    strcmp(conf->sections[i - 1].name, name) == 0)
			return &conf->sections[i - 1];
	return NULL;
}

/* The defaults of a section, where from is the index of the word `from`, if any. */
static const struct haproxy_section *
find_defaults(const struct haproxy_conf *conf, enum haproxy_kind kind,
	      const struct haproxy_line *head, size_t from)
{
	if (kind == HAPROXY_OTHER)
		return NULL;
	if (haproxy_line_is(head, from, "from"))
		return haproxy_conf_find(conf, haproxy_line_word(head, from + 1),
					 1u << HAPROXY_DEFAULTS);
	for (size_t i = conf->section_count; kind != HAPROXY_DEFAULTS && i > 0; i--)
		if (conf->sections[i - 1].kind == HAPROXY_DEFAULTS)
			return &conf->sections[i - 1];
	return NULL;
}

static void
begin_section(struct haproxy_conf *conf, const struct haproxy_line *head, enum haproxy_kind kind)
{
	const bool is_anonymous = kind == HAPROXY_DEFAULTS && haproxy_line_is(head, 1, "from");
	const bool is_proxy = kind == HAPROXY_FRONTEND || kind == HAPROXY_LISTEN;

	if (kind == HAPROXY_OTHER &&
	    (haproxy_line_is(head, 0, "log-forward") || haproxy_line_is(head, 0, "udp-lb")))
		drafts_warn(conf->drafts, head->at, "section is not imported: '%s'",
			    haproxy_line_word(head, 0));
	else if (is_proxy && head->count > 2 && !haproxy_line_is(head, 2, "from"))
		drafts_warn(conf->drafts, head->at, "address outside of a 'bind' line: '%s'",
			    haproxy_line_word(head, 2));
	conf->sections[conf->section_count] = (struct haproxy_section){
	    .kind = kind,
	    .name = is_anonymous ? "" : haproxy_line_word(head, 1),
	    .first = head + 1,
	    .end = head + 1,
	    .defaults = find_defaults(conf, kind, head, is_anonymous ? 1 : 2),
	    .at = head->at,
	};
	conf->section_count++;
}

static void
find_sections(struct haproxy_conf *conf)
{
	bool is_uncertain = false; /* the section began within a conditional block */
	const char *file = NULL;   /* the section's */
	const struct haproxy_line *stray = NULL;

	for (size_t i = 0; i < conf->line_count; i++) {
		const struct haproxy_line *line = &conf->lines[i];
		int kind = section_kind(line);

		if (kind >= 0) {
			begin_section(conf, line,
				      line->is_conditional ? HAPROXY_OTHER
							   : (enum haproxy_kind)kind);
			is_uncertain = line->is_conditional;
			file = line->at.file;
			continue;
		}
		if (file == line->at.file) {
			conf->sections[conf->section_count - 1].end = line + 1;
		} else if (!stray || stray->at.file != line->at.file) {
			stray = line;
			drafts_warn(conf->drafts, line->at, "line before the first section: '%s'",
				    haproxy_line_word(line, 0));
		}
		if (is_uncertain)
			drafts_warn(conf->drafts, line->at, "its section depends on an '.if': '%s'",
				    haproxy_line_word(line, 0));
	}
}

const struct haproxy_line *
haproxy_section_setting(const struct haproxy_section *section, const char *first,
			const char *const *second)
{
	for (; section; section = section->defaults) {
		for (const struct haproxy_line *line = section->end; line-- > section->first;) {
			const bool no = haproxy_line_is(line, 0, "no");

			if (haproxy_line_is(line, no, first) &&
			    (!second || is_any(haproxy_line_word(line, no + 1u), second)))
				return no ? NULL : line;
		}
	}
	return NULL;
}

int
haproxy_conf_parse(struct haproxy_conf *conf, struct drafts *drafts, const char *text,
		   const char *file, struct failure *why)
{
	size_t count = 1;

	*conf = (struct haproxy_conf){.drafts = drafts, .file = file};
	for (const char *s = text; *s; s++)
		count += *s == '\n';
	conf->lines = calloc(count, sizeof(*conf->lines));
	conf->sections = calloc(count, sizeof(*conf->sections));
	if (!conf->lines || !conf->sections)
		return failure_nomem(why);
	if (read_lines(conf, text, why) < 0)
		return -1;
	find_sections(conf);
	return 0;
}

void
haproxy_conf_release(struct haproxy_conf *conf)
{
	for (size_t i = 0; i < conf->line_count; i++)
		strvec_free(conf->lines[i].words);
	free(conf->lines);
	free(conf->sections);
	strvec_release(&conf->files);
	*conf = (struct haproxy_conf){0};
}
