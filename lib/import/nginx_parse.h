/*
 * An nginx configuration as a tree of directives: one file, or what `nginx -T` prints, where every
 * file follows a line `# configuration file PATH:` and includes are found among these files.
 */
#ifndef VCAP_NGINX_PARSE_H
#define VCAP_NGINX_PARSE_H

#include "base/failure.h"
#include "base/strvec.h"

#include <stddef.h>

struct nginx_node {
	char **words; /* at least one; NULL-ended */
	size_t count;
	const char *file; /* where it stands */
	unsigned line;
	struct nginx_node *parent, *first, *next; /* first: what stands in its block */
};

struct nginx_tree {
	struct nginx_node root; /* has no words */
	struct strvec files;    /* paths, or the name of the text */
	struct strvec remarks;  /* "FILE:LINE: text": includes that are not there */
	char **texts, *storage; /* of the files */
};

/* Reads text, which is called file unless it says itself what it is. -1: the text is malformed,
 * with the file and line in why; tree is then to be released as well. */
int nginx_parse(struct nginx_tree *tree, const char *text, const char *file, struct failure *why);
void nginx_tree_release(struct nginx_tree *tree);

/* The node after this one in the order of the text, within top; NULL: there is none. */
const struct nginx_node *nginx_tree_next(const struct nginx_node *node,
					 const struct nginx_node *top);

#endif
