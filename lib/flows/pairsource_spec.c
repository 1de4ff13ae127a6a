#include "flows/pairsource_spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *word, *option;
} kinds[] = {
    [PAIRSOURCE_SPEC_CONNTRACK] = {"conntrack", "--conntrack"},
    [PAIRSOURCE_SPEC_HAPROXY] = {"haproxy:", "--haproxy"},
    [PAIRSOURCE_SPEC_LOG] = {"log:", "--log"},
};

int
pairsource_spec_parse(struct pairsource_spec *spec, const char *word, struct failure *why)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const size_t length = strlen(kinds[i].word);
		const bool has_path = kinds[i].word[length - 1] == ':';

		if (strncmp(word, kinds[i].word, length) != 0 || (!has_path && word[length]))
			continue;
		/* vcap-flows may run in another directory. */
		if (has_path && word[length] != '/')
			return failure_set(why, "not an absolute path: '%s'", word);
		*spec = (struct pairsource_spec){.kind = (enum pairsource_spec_kind)i,
						 .path = has_path ? word + length : NULL};
		return 0;
	}
	return failure_set(why, "not 'conntrack', 'haproxy:SOCKET' or 'log:FILE': '%s'", word);
}

void
pairsource_spec_words(const struct pairsource_spec *spec, const char *words[PAIRSOURCE_SPEC_WORDS])
{
	words[0] = PAIRSOURCE_SPEC_COMMAND;
	words[1] = kinds[spec->kind].option;
	words[2] = spec->path;
	words[3] = NULL;
}
