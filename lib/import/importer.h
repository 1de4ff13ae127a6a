/*
 * The importers by name, and what a run of any of them has in common: reading the configuration,
 * and selecting the services.
 */
#ifndef VCAP_IMPORTER_H
#define VCAP_IMPORTER_H

#include "base/failure.h"
#include "import/draft.h"

struct importer {
	const char *name; /* as vcap-import(1) calls it */
	int (*import)(struct drafts *drafts, const char *text, const char *file,
		      struct failure *why);
	char *command[5]; /* prints a host's configuration; NULL-ended; empty: it needs a file */
	const char *says; /* the command's name in warnings; NULL: its words */
};

/* The importer of this name; NULL: none. */
const struct importer *importer_find(const char *name);

/* Where a configuration is read from. */
struct importer_input {
	const char *file;   /* "-": the descriptor; NULL: the output of the importer's command */
	char *const *also;  /* files that are read behind it, NULL-ended; NULL: none */
	const char *engine; /* the host that has the file or runs the command; NULL: this one */
	int descriptor;     /* the caller's */
	size_t size_max;    /* bytes to read from it at most */
	/* Runs a command (NULL-ended) on that host. Returns its output, on the heap; NULL with why:
	 * it failed. */
	char *(*run)(void *context, char *const *command, struct failure *why);
	void *context;
};

/* Reads a configuration; *source is its name in warnings. Of a directory these are the files *.cfg,
 * in the order of their names. Before each file of several stands a line `# configuration file
 * PATH:`. Both are on the heap, and NULL on failure. */
char *importer_read(const struct importer *importer, const struct importer_input *input,
		    char **source, struct failure *why);

/* The `from` line (vcap-service(5)) by which a capture imports the service of that name, as it is called or
 * as drafts have it, once more. Heap; NULL with why: no such line says what input and drafts do, or out of
 * memory. */
char *importer_from(const struct importer *importer, const struct importer_input *input,
		    const struct drafts *drafts, const char *name, struct failure *why);

/* Imports text, whose name is source, into drafts, and removes the services that are not wanted or
 * have no VIP; warns of wanted ones that it lacks. source must stay valid until drafts_release. -1
 * with why: malformed, or out of memory. */
int importer_import(const struct importer *importer, struct drafts *drafts, const char *text,
		    const char *source, struct failure *why);

#endif
