/*
 * The importers by name, and what is common to a run of any: from where a configuration is read to
 * the services that result.
 */
#ifndef VCAP_IMPORTER_H
#define VCAP_IMPORTER_H

#include "base/failure.h"
#include "import/draft.h"

struct importer {
	const char *name; /* as vcap-import(1) calls it */
	int (*import)(struct drafts *drafts, const char *text, const char *file,
		      struct failure *why);
	char *command[5]; /* prints the configuration of a host; NULL-ended */
};

/* The importer of this name; NULL: none. */
const struct importer *importer_find(const char *name);

/* Where a configuration is read from. */
struct importer_input {
	const char *file;   /* "-": the descriptor; NULL: what the importer's command prints */
	const char *engine; /* the host of that file or command; NULL: this one */
	int descriptor;
	size_t size_max; /* bytes read from the descriptor at most */
	/* Returns what a command (NULL-ended) prints on that host: heap; NULL: it has failed. */
	char *(*run)(void *context, char *const *command, struct failure *why);
	void *context;
};

/* Reads a configuration; *source is how warnings call it. Both are on the heap, for free, and NULL
 * on failure. */
char *importer_read(const struct importer *importer, const struct importer_input *input,
		    char **source, struct failure *why);

/* Imports text, which source names, into drafts, and removes the services that are not wanted or
 * have no VIP; warns of wanted ones that are not in it. -1: malformed, or out of memory. */
int importer_import(const struct importer *importer, struct drafts *drafts, const char *text,
		    const char *source, struct failure *why);

#endif
