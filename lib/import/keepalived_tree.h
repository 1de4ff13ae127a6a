/*
 * The lines of a keepalived configuration: words, and how deep in blocks they stand.
 */
#ifndef VCAP_KEEPALIVED_TREE_H
#define VCAP_KEEPALIVED_TREE_H

#include "base/failure.h"
#include "import/draft.h"

#include <stdbool.h>
#include <stddef.h>

struct keepalived_line {
	struct draft_location at;
	char **words; /* at least one; NULL-ended */
	size_t count;
	size_t end; /* index behind the last line of its block; its own index + 1: it has none */
};

struct keepalived_conf {
	struct keepalived_line *lines;
	size_t count;
};

/* Parses text. -1: out of memory. The caller releases conf in any case; file is borrowed. */
int keepalived_conf_parse(struct keepalived_conf *conf, const char *text, const char *file,
			  struct failure *why);
void keepalived_conf_release(struct keepalived_conf *conf);

/* The i-th word; "" beyond the last. */
const char *keepalived_word(const struct keepalived_line *line, size_t i);
/* Whether the line is a directive of this name. */
bool keepalived_is(const struct keepalived_line *line, const char *name);
/* The last line of this name directly in the block of the line at index; NULL: none. */
const struct keepalived_line *keepalived_child(const struct keepalived_conf *conf, size_t index,
					       const char *name);

#endif
