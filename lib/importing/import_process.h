/*
 * Imports a configuration in a process of its own that is confined (sandbox.h): its text is an engine's
 * word, and the parsers are many. That process has names resolved and files read by this one.
 */
#ifndef VCAP_IMPORT_PROCESS_H
#define VCAP_IMPORT_PROCESS_H

#include "import/importer.h"

/* A service file that has been imported. Whatever the process has become, name is a service's, and those
 * of engines are engines'; text is to be parsed before it is believed. */
struct import_file {
	char *name, *text;
	struct strvec engines; /* that the configuration names, unless others are chosen */
};

struct imports {
	struct import_file *list;
	size_t count;
	struct strvec warnings; /* as drafts.warnings */
};

#define IMPORTS_INIT ((struct imports){0})

/* Frees the services and the warnings; imports is IMPORTS_INIT afterwards. */
void imports_release(struct imports *imports);

/* The engines that the services' files get, NULL-ended each. */
struct import_engines {
	char *const *chosen; /* NULL: those that the configuration names */
	char *const *usual;  /* of a service without any */
};

/*
 * As importer_import, of which drafts has what it needs, and draft_format. imports, which is IMPORTS_INIT, is
 * released by the caller in any case. -1 with why: malformed, out of memory, or the process has died.
 */
int import_process_run(struct imports *imports, const struct importer *importer,
		       const struct drafts *drafts, const char *text, const char *source,
		       struct import_engines engines, struct failure *why);

#endif
