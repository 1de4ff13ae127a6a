/*
 * A directive ends with its line, a block begins with `{` and ends with `}`, wherever these stand;
 * `#` and `!` begin comments. Blocks are not a tree of their own: each line knows where its block
 * ends among the lines.
 */
#include "import/keepalived_tree.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64

struct parser {
	struct keepalived_conf *conf;
	struct draft_location at;
	struct strvec words;    /* of the line so far */
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

/* Takes a word, in quotes or not, at text; returns what is behind it. */
static const char *
take_word(struct parser *parser, const char *text)
{
	const bool is_quoted = *text == '"';
	const size_t length =
	    is_quoted ? strcspn(text + 1, "\"\n") : strcspn(text, " \t\r\n{}\"#!");
	char *word = strndup(text + is_quoted, length);

	strvec_push_nodup(&parser->words, word);
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
		default: text = take_word(&parser, text);
		}
	}
	end_line(&parser);
	while (parser.depth > 0)
		close_block(&parser);
	parser.failed |= parser.words.failed;
	strvec_release(&parser.words);
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
