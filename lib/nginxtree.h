/*
 * An nginx configuration as a tree of directives: one file, or what `nginx -T` prints, where every
 * file follows a line `# configuration file PATH:` and includes are found among these files.
 */
#ifndef VCAP_NGINXTREE_H
#define VCAP_NGINXTREE_H

#include "failure.h"
#include "words.h"

#include <stddef.h>

struct nginxnode {
	char **words; /* at least one; NULL-ended */
	size_t count;
	const char *file; /* where it stands */
	unsigned line;
	struct nginxnode *parent, *first, *next; /* first: what stands in its block */
};

struct nginxtree {
	struct nginxnode root;  /* has no words */
	struct words files;     /* paths, or the name of the text */
	struct words remarks;   /* "FILE:LINE: text": includes that are not there */
	char **texts, *storage; /* of the files */
};

/* Reads text, which is called file unless it says itself what it is. -1: the text is malformed,
 * with the file and line in why; tree is then to be released as well. */
int nginxtree_parse(struct nginxtree *tree, const char *text, const char *file,
		    struct failure *why);
void nginxtree_release(struct nginxtree *tree);

/* The node after this one in the order of the text, within top; NULL: there is none. */
const struct nginxnode *nginxtree_next(const struct nginxnode *node, const struct nginxnode *top);

#endif
