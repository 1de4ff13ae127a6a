#include "import/nginx_parse.h"

#include <fnmatch.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64     /* of blocks and includes */
#define NODES_MAX 200000 /* a file can be included many times */

static const char marker[] = "# configuration file ";

struct reader {
	struct nginx_tree *tree;
	bool is_dump;
	size_t nodes;
	struct failure *why;
};

struct scan {
	const char *at, *file;
	unsigned line;
};

static int
fail(struct reader *reader, const struct scan *scan, const char *what)
{
	return failure_set(reader->why, "%s:%u: %s", scan->file, scan->line, what);
}

static void
pass_blanks(struct scan *scan)
{
	for (;; scan->at++) {
		if (*scan->at == '#')
			scan->at += strcspn(scan->at, "\n");
		if (!*scan->at || !strchr(" \t\r\n", *scan->at))
			return;
		scan->line += *scan->at == '\n';
	}
}

/* The next word, heap; a quote counts only at its beginning. */
static char *
take_word(struct reader *reader, struct scan *scan)
{
	const char quote = strchr("'\"", *scan->at) ? *scan->at++ : '\0';
	char *word = malloc(strlen(scan->at) + 1), *to = word;

	if (!word) {
		fail(reader, scan, "out of memory");
		return NULL;
	}
	for (; *scan->at; scan->at++) {
		if (quote ? *scan->at == quote : strchr(" \t\r\n;{", *scan->at) != NULL)
			break;
		scan->line += *scan->at == '\n';
		/* A backslash stays, except before what it protects from this reader. */
		if (*scan->at == '\\' && scan->at[1]) {
			if (!strchr("\"' \t\\;{}", *++scan->at))
				*to++ = '\\';
		} else if (*scan->at == '$' && scan->at[1] == '{') {
			*to++ = *scan->at++;
		}
		*to++ = *scan->at;
	}
	*to = '\0';
	if (quote && *scan->at != quote) {
		fail(reader, scan, "quote without its end");
		free(word);
		return NULL;
	}
	scan->at += quote != '\0';
	to = strdup(word);
	free(word);
	return to;
}

static int read_block(struct reader *reader, struct scan *scan, struct nginx_node *parent,
		      unsigned depth);

static int
read_file(struct reader *reader, size_t index, struct nginx_node *parent, unsigned depth)
{
	struct scan scan = {reader->tree->texts[index], reader->tree->files.list[index], 1};

	if (read_block(reader, &scan, parent, depth) < 0)
		return -1;
	return *scan.at ? fail(reader, &scan, "unexpected '}'") : 0;
}

/* The files that an include names become part of the block it stands in. */
static int
include(struct reader *reader, const struct nginx_node *node, struct nginx_node *parent,
	unsigned depth)
{
	struct nginx_tree *tree = reader->tree;
	const char *pattern = node->count > 1 ? node->words[1] : "";
	char *main_file = strdup(tree->files.list[0]), *whole = NULL;
	bool is_found = false;
	int rc = 0;

	if (!main_file ||
	    (*pattern == '/' ? asprintf(&whole, "%s", pattern)
			     : asprintf(&whole, "%s/%s", dirname(main_file), pattern)) < 0)
		rc = failure_set(reader->why, "out of memory");
	for (size_t i = 0; rc == 0 && reader->is_dump && i < tree->files.count; i++) {
		if (fnmatch(whole, tree->files.list[i], FNM_PATHNAME | FNM_PERIOD) != 0)
			continue;
		is_found = true;
		rc = read_file(reader, i, parent, depth + 1);
	}
	if (rc == 0 && !is_found && (!reader->is_dump || !strpbrk(pattern, "*?[")))
		strvec_addf(&tree->remarks,
			    "%s:%u: a file that is not here (nginx -T has it): '%s'", node->file,
			    node->line, pattern);
	free(whole);
	free(main_file);
	return rc;
}

static struct nginx_node *
add_node(struct reader *reader, struct nginx_node *parent, const struct scan *scan, char **words)
{
	struct nginx_node *node = calloc(1, sizeof(*node)), **at = &parent->first;

	if (!node)
		return NULL;
	reader->nodes++;
	node->words = words;
	while (words[node->count])
		node->count++;
	node->file = scan->file;
	node->line = scan->line;
	node->parent = parent;
	/* Only its last child is ever asked for: the chain is turned round when all are there. */
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
turn_round(struct nginx_node *parent)
{
	struct nginx_node *list = NULL, *node;

	while ((node = parent->first)) {
		parent->first = node->next;
		node->next = list;
		list = node;
	}
	parent->first = list;
}

/* What is no code: the last character of a string or comment of Lua that begins at s, or s itself.
 */
static const char *
end_of_text(const char *s)
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

/* Code of another language, up to the brace that closes it. */
static void
pass_code(struct scan *scan)
{
	for (unsigned depth = 1; *scan->at && depth > 0; scan->at++) {
		for (const char *end = end_of_text(scan->at); scan->at < end; scan->at++)
			scan->line += *scan->at == '\n';
		depth += *scan->at == '{';
		depth -= *scan->at == '}';
		scan->line += *scan->at == '\n';
	}
}

static bool
is_code(const char *name)
{
	const char *end = strstr(name, "_by_lua_block");

	return end && !end[strlen("_by_lua_block")];
}

/* What a directive ends with: `;`, or a block. */
static int
finish_directive(struct reader *reader, struct scan *scan, struct nginx_node *parent, char **words,
		 unsigned depth)
{
	struct nginx_node *node = add_node(reader, parent, scan, words);
	int rc = 0;

	if (!node) {
		strvec_free(words);
		return fail(reader, scan, "out of memory");
	}
	if (*scan->at++ == ';')
		return strcmp(words[0], "include") == 0 ? include(reader, node, parent, depth) : 0;
	if (is_code(words[0])) {
		pass_code(scan);
		return 0;
	}
	rc = read_block(reader, scan, node, depth + 1);
	turn_round(node);
	if (rc == 0 && *scan->at != '}')
		return fail(reader, scan, "block without its end");
	scan->at += rc == 0;
	return rc;
}

/* Up to the closing brace, or the end of the file. */
static int
read_block(struct reader *reader, struct scan *scan, struct nginx_node *parent, unsigned depth)
{
	struct strvec words = STRVEC_INIT;
	int rc = 0;

	if (depth > DEPTH_MAX || reader->nodes > NODES_MAX)
		return fail(reader, scan, "more blocks and files than are read");
	for (pass_blanks(scan); rc == 0 && *scan->at; pass_blanks(scan)) {
		if (*scan->at == '}' && words.count == 0)
			break;
		if (*scan->at == '}') {
			rc = fail(reader, scan, "unexpected '}'");
		} else if (*scan->at != ';' && *scan->at != '{') {
			char *word = take_word(reader, scan);

			if (!word)
				rc = -1;
			else
				strvec_take(&words, word);
		} else if (words.count == 0) {
			rc = fail(reader, scan, "no directive");
		} else {
			char **list = strvec_finish(&words);

			rc = list ? finish_directive(reader, scan, parent, list, depth)
				  : fail(reader, scan, "out of memory");
		}
	}
	if (rc == 0 && words.count > 0)
		rc = fail(reader, scan, "directive without its end");
	strvec_free(strvec_finish(&words));
	return rc;
}

/* Cuts a dump into its files. */
static int
split(struct reader *reader, const char *text, const char *file)
{
	struct nginx_tree *tree = reader->tree;
	size_t count = 1;

	for (const char *s = strstr(text, marker); s; s = strstr(s + 1, marker))
		count++;
	tree->storage = strdup(text);
	tree->texts = calloc(count, sizeof(*tree->texts));
	if (!tree->storage || !tree->texts)
		return failure_set(reader->why, "out of memory");
	for (char *line = tree->storage; line && *line;) {
		char *end = strchr(line, '\n');

		if (end && strncmp(line, marker, strlen(marker)) == 0 && end[-1] == ':') {
			end[-1] = '\0';
			*line = '\0'; /* ends the file before */
			strvec_add(&tree->files, line + strlen(marker));
			if (tree->files.failed)
				break;
			tree->texts[tree->files.count - 1] = end + 1;
			reader->is_dump = true;
		}
		line = end ? end + 1 : NULL;
	}
	if (!reader->is_dump) {
		strvec_add(&tree->files, file);
		tree->texts[0] = tree->storage;
	}
	return tree->files.failed ? failure_set(reader->why, "out of memory") : 0;
}

int
nginx_parse(struct nginx_tree *tree, const char *text, const char *file, struct failure *why)
{
	struct reader reader = {.tree = tree, .why = why};
	int rc;

	*tree = (struct nginx_tree){0};
	rc = split(&reader, text, file);
	if (rc == 0)
		rc = read_file(&reader, 0, &tree->root, 0);
	turn_round(&tree->root);
	if (rc == 0 && tree->remarks.failed)
		rc = failure_set(why, "out of memory");
	return rc;
}

void
nginx_tree_release(struct nginx_tree *tree)
{
	free_nodes(tree->root.first);
	strvec_free(strvec_finish(&tree->files));
	strvec_free(strvec_finish(&tree->remarks));
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
