/*
 * A directive ends with its line, a block begins with `{` and ends with `}`, wherever these stand;
 * `#` and `!` begin comments. Blocks are not a tree of their own: each line knows where its block
 * ends among the lines.
 *
 * `$NAME=TEXT` at the beginning of a line defines what `$NAME` and `${NAME}` below stand for, which
 * may be several words and have names in turn (keepalived.conf(5), "Parameter substitution"). A name
 * without a definition, or with one of several lines, stays as it is written.
 */
#include "import/keepalived_tree.h"

#include "base/array.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64
#define TEXT_MAX  4096 /* of words after their names are replaced */
#define NAMES_MAX 1000 /* of these */

struct parser {
	struct keepalived_conf *conf;
	struct draft_location at;
	struct strvec words;    /* of the line so far */
	struct strvec names;    /* NAME=TEXT, the last of a name counts */
	size_t open[DEPTH_MAX]; /* lines whose block is open */
	unsigned depth;         /* may be more than DEPTH_MAX */
	bool failed;
};

const char *
keepalived_word(const struct keepalived_line *line, size_t i)
{
	return i < line->count ? line->words[i] : "";
}

bool
keepalived_is(const struct keepalived_line *line, const char *name)
{
	return strcmp(line->words[0], name) == 0;
}

const struct keepalived_line *
keepalived_child(const struct keepalived_conf *conf, size_t index, const char *name)
{
	const struct keepalived_line *found = NULL;

	for (size_t i = index + 1; i < conf->lines[index].end; i = conf->lines[i].end)
		if (keepalived_is(&conf->lines[i], name))
			found = &conf->lines[i];
	return found;
}

/* Ends a directive, if there is one. */
static void
end_line(struct parser *parser)
{
	struct keepalived_conf *conf = parser->conf;
	struct keepalived_line line = {.at = parser->at, .count = parser->words.count};

	if (line.count == 0)
		return;
	line.words = strvec_detach(&parser->words);
	line.end = conf->count + 1;
	if (!line.words || array_grow(&conf->lines, conf->count, sizeof(line)) < 0) {
		strvec_free(line.words);
		parser->failed = true;
		return;
	}
	conf->lines[conf->count++] = line;
}

static void
open_block(struct parser *parser)
{
	end_line(parser);
	if (parser->depth < DEPTH_MAX)
		parser->open[parser->depth] = parser->conf->count;
	parser->depth++;
}

static void
close_block(struct parser *parser)
{
	end_line(parser);
	if (parser->depth == 0)
		return;
	if (--parser->depth < DEPTH_MAX && parser->open[parser->depth] > 0)
		parser->conf->lines[parser->open[parser->depth] - 1].end = parser->conf->count;
}

static size_t
name_length(const char *text)
{
	size_t length = 0;

	while (isalnum((unsigned char)text[length]) || text[length] == '_')
		length++;
	return length;
}

/* The definition of the name; NULL: there is none. */
static const char *
find_definition(const struct parser *parser, const char *name, size_t length)
{
	for (size_t i = parser->names.count; i > 0; i--) {
		const char *definition = parser->names.list[i - 1];

		if (strncmp(definition, name, length) == 0 && definition[length] == '=')
			return definition + length + 1;
	}
	return NULL;
}

/* Takes `$NAME=TEXT` up to the end of the line; NULL: text is no definition. */
static const char *
take_definition(struct parser *parser, const char *text)
{
	const size_t length = name_length(text + 1);
	const size_t whole = strcspn(text, "\n");
	const char *end = text + whole;

	if (parser->words.count || *text != '$' || !length || text[1 + length] != '=')
		return NULL;
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	strvec_push_nodup(&parser->names, strndup(text + 1, (size_t)(end - text - 1)));
	return text + whole;
}

/* The length of a word that is not quoted; the braces of ${NAME} are of it. */
static size_t
word_length(const char *text)
{
	size_t length = 0;

	while (text[length] && !strchr(" \t\r\n{}\"#!", text[length])) {
		const char *at = text + length;
		const size_t name = strncmp(at, "${", 2) == 0 ? name_length(at + 2) : 0;

		length += name && at[2 + name] == '}' ? 3 + name : 1;
	}
	return length;
}

/* A word whose names are replaced. */
struct replacement {
	char text[TEXT_MAX]; /* what does not fit is left out */
	size_t size;
	unsigned count; /* of replacements */
};

/* Appends text of this length with its names replaced, and those in what replaces them. A name
 * without braces ends its word. */
static void
replace_names(const struct parser *parser, struct replacement *to, const char *text, size_t length,
	      unsigned depth)
{
	const char *end = text + length;

	while (text < end && to->size < TEXT_MAX - 1) {
		const bool in_braces = strncmp(text, "${", 2) == 0;
		const char *name = text + 1 + in_braces, *definition = NULL;
		const size_t of_name = *text == '$' ? name_length(name) : 0;
		const char *behind = name + of_name + in_braces;

		if (of_name && depth < DEPTH_MAX && to->count < NAMES_MAX &&
		    (in_braces ? behind[-1] == '}' : behind == end || strchr(" \t", *behind)))
			definition = find_definition(parser, name, of_name);
		if (!definition) {
			to->text[to->size++] = *text++;
			continue;
		}
		to->count++;
		replace_names(parser, to, definition, strlen(definition), depth + 1);
		text = behind;
	}
}

/* Takes a word, in quotes or not, at text; returns what is behind it. */
static const char *
take_word(struct parser *parser, const char *text)
{
	const bool is_quoted = *text == '"';
	const size_t length = is_quoted ? strcspn(text + 1, "\"\n") : word_length(text);
	struct replacement replaced = {.size = 0};
	char *rest = replaced.text;

	replace_names(parser, &replaced, text + is_quoted, length, 0);
	if (is_quoted)
		strvec_push(&parser->words, replaced.text);
	for (char *word; !is_quoted && (word = strsep(&rest, " \t"));)
		if (*word)
			strvec_push(&parser->words, word);
	text += is_quoted + length;
	return text + (is_quoted && *text == '"');
}

int
keepalived_conf_parse(struct keepalived_conf *conf, const char *text, const char *file,
		      struct failure *why)
{
	struct parser parser = {.conf = conf, .at = {file, 1}};

	*conf = (struct keepalived_conf){0};
	while (*text) {
		switch (*text) {
		case '\n':
			end_line(&parser);
			parser.at.line++;
			text++;
			break;
		case ' ':
		case '\t':
		case '\r': text++; break;
		case '{':
			open_block(&parser);
			text++;
			break;
		case '}':
			close_block(&parser);
			text++;
			break;
		case '#':
		case '!': text += strcspn(text, "\n"); break;
		default: {
			const char *behind = take_definition(&parser, text);

			text = behind ? behind : take_word(&parser, text);
		}
		}
	}
	end_line(&parser);
	while (parser.depth > 0)
		close_block(&parser);
	parser.failed |= parser.words.failed || parser.names.failed;
	strvec_release(&parser.words);
	strvec_release(&parser.names);
	return parser.failed ? failure_nomem(why) : 0;
}

void
keepalived_conf_release(struct keepalived_conf *conf)
{
	for (size_t i = 0; i < conf->count; i++)
		strvec_free(conf->lines[i].words);
	free(conf->lines);
	*conf = (struct keepalived_conf){0};
}
