#include "flowsource.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *word, *option;
} kinds[] = {
    [FLOWSOURCE_CONNTRACK] = {"conntrack", "--conntrack"},
    [FLOWSOURCE_HAPROXY] = {"haproxy:", "--haproxy"},
    [FLOWSOURCE_LOG] = {"log:", "--log"},
};

int
flowsource_parse(struct flowsource *source, const char *word, struct failure *why)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const size_t length = strlen(kinds[i].word);
		const bool has_path = kinds[i].word[length - 1] == ':';

		if (strncmp(word, kinds[i].word, length) != 0 || (!has_path && word[length]))
			continue;
		/* Whoever opens it may be in another directory. */
		if (has_path && word[length] != '/')
			return failure_set(why, "not an absolute path: '%s'", word);
		*source = (struct flowsource){.kind = (enum flowsource_kind)i,
					      .path = has_path ? word + length : NULL};
		return 0;
	}
	return failure_set(why, "not 'conntrack', 'haproxy:SOCKET' or 'log:FILE': '%s'", word);
}

void
flowsource_words(const struct flowsource *source, const char *words[FLOWSOURCE_WORDS])
{
	words[0] = FLOWSOURCE_COMMAND;
	words[1] = kinds[source->kind].option;
	words[2] = source->path;
	words[3] = NULL;
}
