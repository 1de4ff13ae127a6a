/*
 * A recursive-descent parser: a directive is words up to `;`, or up to `{` and a block of
 * directives. The files of an include are parsed into the block that contains it, with limits on
 * depth and on the number of nodes, as a file may include itself or be included many times. Blocks
 * of Lua (`..._by_lua_block`) are skipped by counting the braces outside of Lua's strings and
 * comments.
 */
#include "import/nginx_tree.h"

#include <fnmatch.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64     /* of blocks and includes */
#define NODES_MAX 200000 /* a file can be included many times */

static const char marker[] = "# configuration file ";

struct parser {
	struct nginx_tree *tree;
	bool is_dump; /* of `nginx -T` */
	size_t nodes;
	struct failure *why;
};

/* A position in a file. */
struct cursor {
	const char *at;
	struct draft_location where;
};

static int
fail_at(struct parser *parser, const struct cursor *cursor, const char *what)
{
	return failure_set(parser->why, "%s:%u: %s", cursor->where.file, cursor->where.line, what);
}

static void
skip_blanks(struct cursor *cursor)
{
	for (;; cursor->at++) {
		if (*cursor->at == '#')
			cursor->at += strcspn(cursor->at, "\n");
		if (!*cursor->at || !strchr(" \t\r\n", *cursor->at))
			return;
		cursor->where.line += *cursor->at == '\n';
	}
}

/* Reads a word: heap; NULL on failure. A quote counts only at the beginning of a word. */
static char *
read_word(struct parser *parser, struct cursor *cursor)
{
	const char quote = strchr("'\"", *cursor->at) ? *cursor->at++ : '\0';
	char *word = malloc(strlen(cursor->at) + 1), *to = word;

	if (!word) {
		fail_at(parser, cursor, "out of memory");
		return NULL;
	}
	for (; *cursor->at; cursor->at++) {
		if (quote ? *cursor->at == quote : strchr(" \t\r\n;{", *cursor->at) != NULL)
			break;
		cursor->where.line += *cursor->at == '\n';
		/* A backslash is kept unless it escapes a character that could end the word. */
		if (*cursor->at == '\\' && cursor->at[1]) {
			if (!strchr("\"' \t\\;{}", *++cursor->at))
				*to++ = '\\';
		} else if (*cursor->at == '$' && cursor->at[1] == '{') {
			*to++ = *cursor->at++;
		}
		*to++ = *cursor->at;
	}
	*to = '\0';
	if (quote && *cursor->at != quote) {
		fail_at(parser, cursor, "unterminated quote");
		free(word);
		return NULL;
	}
	cursor->at += quote != '\0';
	to = realloc(word, (size_t)(to - word) + 1);
	return to ? to : word;
}

static int read_block(struct parser *parser, struct cursor *cursor, struct nginx_node *parent,
		      unsigned depth);

static int
read_file(struct parser *parser, size_t index, struct nginx_node *parent, unsigned depth)
{
	struct cursor cursor = {parser->tree->texts[index], {parser->tree->files.list[index], 1}};

	if (read_block(parser, &cursor, parent, depth) < 0)
		return -1;
	return *cursor.at ? fail_at(parser, &cursor, "unexpected '}'") : 0;
}

/* Parses the files of an include into the block that contains it. */
static int
read_include(struct parser *parser, const struct nginx_node *node, struct nginx_node *parent,
	     unsigned depth)
{
	struct nginx_tree *tree = parser->tree;
	const char *pattern = node->count > 1 ? node->words[1] : "";
	char *main_file = strdup(tree->files.list[0]), *whole = NULL;
	bool is_found = false;
	int rc = 0;

	if (!main_file ||
	    (*pattern == '/' ? asprintf(&whole, "%s", pattern)
			     : asprintf(&whole, "%s/%s", dirname(main_file), pattern)) < 0)
		rc = failure_nomem(parser->why);
	for (size_t i = 0; rc == 0 && parser->is_dump && i < tree->files.count; i++) {
		if (fnmatch(whole, tree->files.list[i], FNM_PATHNAME | FNM_PERIOD) != 0)
			continue;
		is_found = true;
		rc = read_file(parser, i, parent, depth + 1);
	}
	if (rc == 0 && !is_found && (!parser->is_dump || !strpbrk(pattern, "*?[")))
		strvec_pushf(&tree->warnings,
			     "%s:%u: included file not found (nginx -T prints it): '%s'",
			     node->at.file, node->at.line, pattern);
	free(whole);
	free(main_file);
	return rc;
}

static struct nginx_node *
add_node(struct parser *parser, struct nginx_node *parent, const struct cursor *cursor,
	 char **words)
{
	struct nginx_node *node = calloc(1, sizeof(*node)), **at = &parent->first;

	if (!node)
		return NULL;
	parser->nodes++;
	node->words = words;
	while (words[node->count])
		node->count++;
	node->at = cursor->where;
	node->parent = parent;
	/* Prepended, as the list has no tail pointer; reverse_children restores the order. */
	node->next = *at;
	*at = node;
	return node;
}

static void
free_nodes(struct nginx_node *node)
{
	while (node) {
		struct nginx_node *next = node->next;

		free_nodes(node->first);
		strvec_free(node->words);
		free(node);
		node = next;
	}
}

static void
reverse_children(struct nginx_node *parent)
{
	struct nginx_node *list = NULL, *node;

	while ((node = parent->first)) {
		parent->first = node->next;
		node->next = list;
		list = node;
	}
	parent->first = list;
}

/* The last character of the Lua string or comment that begins at s; s if none begins there. */
static const char *
skip_lua_text(const char *s)
{
	const char *end = NULL;

	if (*s == '"' || *s == '\'') {
		for (end = s + 1; *end && *end != *s; end++)
			end += *end == '\\' && end[1];
	} else if (strncmp(s, "[[", 2) == 0 || strncmp(s, "--[[", 4) == 0) {
		end = strstr(s, "]]");
		return end ? end + 1 : s + strlen(s) - 1;
	} else if (strncmp(s, "--", 2) == 0) {
		end = s + strcspn(s, "\n");
	}
	return !end ? s : *end ? end : end - 1;
}

/* Skips Lua code, up to and including the brace that closes it. */
static void
skip_lua(struct cursor *cursor)
{
	for (unsigned depth = 1; *cursor->at && depth > 0; cursor->at++) {
		for (const char *end = skip_lua_text(cursor->at); cursor->at < end; cursor->at++)
			cursor->where.line += *cursor->at == '\n';
		depth += *cursor->at == '{';
		depth -= *cursor->at == '}';
		cursor->where.line += *cursor->at == '\n';
	}
}

static bool
is_lua_block(const char *name)
{
	const char *end = strstr(name, "_by_lua_block");

	return end && !end[strlen("_by_lua_block")];
}

/* Reads the end of a directive, `;` or a block, and adds the directive, which takes over words. */
static int
finish_directive(struct parser *parser, struct cursor *cursor, struct nginx_node *parent,
		 char **words, unsigned depth)
{
	struct nginx_node *node = add_node(parser, parent, cursor, words);
	int rc = 0;

	if (!node) {
		strvec_free(words);
		return fail_at(parser, cursor, "out of memory");
	}
	if (*cursor->at++ == ';')
		return strcmp(words[0], "include") == 0 ? read_include(parser, node, parent, depth)
							: 0;
	if (is_lua_block(words[0])) {
		skip_lua(cursor);
		return 0;
	}
	rc = read_block(parser, cursor, node, depth + 1);
	reverse_children(node);
	if (rc == 0 && *cursor->at != '}')
		return fail_at(parser, cursor, "unterminated block");
	cursor->at += rc == 0;
	return rc;
}

/* Reads directives up to the closing brace or the end of the file. */
static int
read_block(struct parser *parser, struct cursor *cursor, struct nginx_node *parent, unsigned depth)
{
	struct strvec words = STRVEC_INIT;
	int rc = 0;

	if (depth > DEPTH_MAX || parser->nodes > NODES_MAX)
		return fail_at(parser, cursor, "too many blocks or includes");
	for (skip_blanks(cursor); rc == 0 && *cursor->at; skip_blanks(cursor)) {
		if (*cursor->at == '}' && words.count == 0)
			break;
		if (*cursor->at == '}') {
			rc = fail_at(parser, cursor, "unexpected '}'");
		} else if (*cursor->at != ';' && *cursor->at != '{') {
			char *word = read_word(parser, cursor);

			if (!word)
				rc = -1;
			else
				strvec_push_nodup(&words, word);
		} else if (words.count == 0) {
			rc = fail_at(parser, cursor, "missing directive");
		} else {
			char **list = strvec_detach(&words);

			rc = list ? finish_directive(parser, cursor, parent, list, depth)
				  : fail_at(parser, cursor, "out of memory");
		}
	}
	if (rc == 0 && words.count > 0)
		rc = fail_at(parser, cursor, "unterminated directive");
	strvec_release(&words);
	return rc;
}

/* Splits a dump into its files. */
static int
split_files(struct parser *parser, const char *text, const char *file)
{
	struct nginx_tree *tree = parser->tree;
	size_t count = 1;

	for (const char *s = strstr(text, marker); s; s = strstr(s + 1, marker))
		count++;
	tree->storage = strdup(text);
	tree->texts = calloc(count, sizeof(*tree->texts));
	if (!tree->storage || !tree->texts)
		return failure_nomem(parser->why);
	for (char *line = tree->storage; line && *line;) {
		char *end = strchr(line, '\n');

		if (end && strncmp(line, marker, strlen(marker)) == 0 && end[-1] == ':') {
			end[-1] = '\0';
			*line = '\0'; /* ends the file before */
			strvec_push(&tree->files, line + strlen(marker));
			if (tree->files.failed)
				break;
			tree->texts[tree->files.count - 1] = end + 1;
			parser->is_dump = true;
		}
		line = end ? end + 1 : NULL;
	}
	if (!parser->is_dump) {
		strvec_push(&tree->files, file);
		tree->texts[0] = tree->storage;
	}
	return tree->files.failed ? failure_nomem(parser->why) : 0;
}

int
nginx_tree_parse(struct nginx_tree *tree, const char *text, const char *file, struct failure *why)
{
	struct parser parser = {.tree = tree, .why = why};
	int rc;

	*tree = (struct nginx_tree){0};
	rc = split_files(&parser, text, file);
	if (rc == 0)
		rc = read_file(&parser, 0, &tree->root, 0);
	reverse_children(&tree->root);
	if (rc == 0 && tree->warnings.failed)
		rc = failure_nomem(why);
	return rc;
}

void
nginx_tree_release(struct nginx_tree *tree)
{
	free_nodes(tree->root.first);
	strvec_release(&tree->files);
	strvec_release(&tree->warnings);
	free(tree->texts);
	free(tree->storage);
	*tree = (struct nginx_tree){0};
}

const struct nginx_node *
nginx_tree_next(const struct nginx_node *node, const struct nginx_node *top)
{
	if (node->first)
		return node->first;
	while (node != top && !node->next)
		node = node->parent;
	return node == top ? NULL : node->next;
}

bool
nginx_node_is(const struct nginx_node *node, const char *name)
{
	return node->count > 0 && strcmp(node->words[0], name) == 0;
}

const char *
nginx_node_word(const struct nginx_node *node, size_t i)
{
	return i < node->count ? node->words[i] : "";
}

bool
nginx_node_has(const struct nginx_node *node, const char *word)
{
	for (size_t i = 1; i < node->count; i++)
		if (strcmp(node->words[i], word) == 0)
			return true;
	return false;
}

const char *
nginx_node_value(const struct nginx_node *node, const char *name)
{
	const size_t length = strlen(name);

	for (size_t i = 1; i < node->count; i++)
		if (strncmp(node->words[i], name, length) == 0 && node->words[i][length] == '=')
			return node->words[i] + length + 1;
	return NULL;
}

const struct nginx_node *
nginx_node_child(const struct nginx_node *node, const char *name)
{
	const struct nginx_node *found = NULL;

	for (const struct nginx_node *child = node->first; child; child = child->next)
		if (nginx_node_is(child, name))
			found = child;
	return found;
}

const struct nginx_node *
nginx_node_inherited(const struct nginx_node *node, const char *name)
{
	for (; node; node = node->parent) {
		const struct nginx_node *found = nginx_node_child(node, name);

		if (found)
			return found;
	}
	return NULL;
}
