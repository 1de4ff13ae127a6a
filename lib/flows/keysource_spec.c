#include "flows/keysource_spec.h"

#include <string.h>

int
keysource_spec_parse(struct pairsource_spec *spec, const char *word, struct failure *why)
{
	const char *path = strncmp(word, "haproxy:", 8) == 0 ? word + 8
			   : strncmp(word, "file:", 5) == 0  ? word + 5
							     : NULL;

	if (!path)
		return failure_set(why, "not 'haproxy:SOCKET' or 'file:PATH': '%s'", word);
	/* vcap-keys may run in another directory. */
	if (*path != '/')
		return failure_set(why, "not an absolute path: '%s'", word);
	*spec = (struct pairsource_spec){
	    .kind = *word == 'h' ? PAIRSOURCE_SPEC_HAPROXY : PAIRSOURCE_SPEC_LOG, .path = path};
	return 0;
}

bool
keysource_spec_is(const char *word, const char *only)
{
	struct pairsource_spec spec;

	return only ? strcmp(word, only) == 0 : keysource_spec_parse(&spec, word, NULL) == 0;
}

void
keysource_spec_words(const struct pairsource_spec *spec, const char *words[PAIRSOURCE_SPEC_WORDS])
{
	words[0] = KEYSOURCE_COMMAND;
	words[1] = spec->kind == PAIRSOURCE_SPEC_HAPROXY ? "--haproxy" : "--file";
	words[2] = spec->path;
	words[3] = NULL;
}
