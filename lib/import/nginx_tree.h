/*
 * Parses an nginx configuration into a tree of directives: one file, or the output of `nginx -T`,
 * where each file follows a line `# configuration file PATH:` and includes are resolved among these
 * files.
 */
#ifndef VCAP_NGINX_TREE_H
#define VCAP_NGINX_TREE_H

#include "base/failure.h"
#include "base/strvec.h"
#include "import/draft.h"

#include <stdbool.h>
#include <stddef.h>

/* A directive. */
struct nginx_node {
	char **words; /* at least one; NULL-ended */
	size_t count;
	struct draft_location at;
	struct nginx_node *parent, *first, *next; /* first: the first directive of its block */
};

struct nginx_tree {
	struct nginx_node root; /* has no words */
	struct strvec files;    /* the files' paths, or the name of the text */
	struct strvec warnings; /* "FILE:LINE: text": includes that were not found */
	char **texts, *storage; /* of the files */
};

/* Parses text, whose name is file unless it is the output of `nginx -T`. -1 with why: malformed,
 * with file and line, or out of memory. The caller releases the tree in any case. */
int nginx_tree_parse(struct nginx_tree *tree, const char *text, const char *file,
		     struct failure *why);
void nginx_tree_release(struct nginx_tree *tree);

/* The next node in the order of the text, within top; NULL: there is none. */
const struct nginx_node *nginx_tree_next(const struct nginx_node *node,
					 const struct nginx_node *top);

/* Whether the node is a directive of this name. */
bool nginx_node_is(const struct nginx_node *node, const char *name);
/* The i-th word, of which the name is the 0th; "" beyond the last. */
const char *nginx_node_word(const struct nginx_node *node, size_t i);
/* Whether a word after the name is this one. */
bool nginx_node_has(const struct nginx_node *node, const char *word);
/* The value of NAME=VALUE among the words; NULL: none. */
const char *nginx_node_value(const struct nginx_node *node, const char *name);
/* The last directive of this name in the node's block; NULL: none. */
const struct nginx_node *nginx_node_child(const struct nginx_node *node, const char *name);
/* The directive of this name that applies to a block: its own, or that of the nearest enclosing
 * block; NULL: none. */
const struct nginx_node *nginx_node_inherited(const struct nginx_node *node, const char *name);

#endif
