/*
 * An nginx configuration as a tree of directives, from one file or from what `nginx -T` prints,
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
	struct strvec files;    /* their paths, or the name of the text */
	struct strvec warnings; /* "FILE:LINE: text": includes that were not found */
	char **texts, *storage; /* of the files */
};

/* Parses text, which is called file unless it names its files itself. -1: malformed, with file and
 * line in why, or out of memory. The tree is to be released in either case. */
int nginx_tree_parse(struct nginx_tree *tree, const char *text, const char *file,
		     struct failure *why);
void nginx_tree_release(struct nginx_tree *tree);

/* The node after this one in the order of the text, within top; NULL: there is none. */
const struct nginx_node *nginx_tree_next(const struct nginx_node *node,
					 const struct nginx_node *top);

/* Whether it is a directive of this name. */
bool nginx_node_is(const struct nginx_node *node, const char *name);
/* The i-th word, the name being the 0th; "" beyond the last. */
const char *nginx_node_word(const struct nginx_node *node, size_t i);
/* Whether any word but the name is this one. */
bool nginx_node_has(const struct nginx_node *node, const char *word);
/* The value of NAME=VALUE among the words; NULL: none. */
const char *nginx_node_value(const struct nginx_node *node, const char *name);
/* The last directive of this name in the node's block; NULL: none. */
const struct nginx_node *nginx_node_child(const struct nginx_node *node, const char *name);
/* The directive of this name that applies to a block: its own, or that of the nearest block around
 * it; NULL: none. */
const struct nginx_node *nginx_node_inherited(const struct nginx_node *node, const char *name);

#endif
