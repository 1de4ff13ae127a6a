#include "controller/fileword.h"

#include "base/exitcode.h"
#include "controller/spool.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
fileword_release(struct fileword *file)
{
	free(file->path);
	free(file->service);
	strvec_release(&file->tables);
	*file = FILEWORD_INIT;
}

/* Adds the pairs that engines have kept (vcap-spool(5)). */
static void
add_tables(struct strvec *tables, const struct spool_entry *entry)
{
	struct strvec names = spool_entry_engines(entry);

	tables->failed |= names.failed;
	for (size_t i = 0; i < names.count; i++) {
		char *path = spool_entry_file(entry, "engines/%s.pairs", names.list[i]);

		if (!path || access(path, R_OK) == 0)
			strvec_push_nodup(tables, path);
		else
			free(path);
	}
	strvec_release(&names);
}

static int
find_capture(struct fileword *file, const struct spool_entry *entry, struct failure *why)
{
	struct fileword found = FILEWORD_INIT;

	if (!spool_entry_has_merged(entry)) {
		failure_set(why, "capture '%s' has no file yet: run 'vcap wait %s' first",
			    entry->id, entry->id);
		return EXIT_FAILED;
	}
	found.path = spool_entry_file(entry, "%s.pcapng", entry->id);
	found.service = spool_entry_file(entry, "service");
	add_tables(&found.tables, entry);
	if (!found.path || !found.service || found.tables.failed) {
		failure_nomem(why);
		fileword_release(&found);
		return EXIT_FAILED;
	}
	*file = found;
	return EXIT_DONE;
}

int
fileword_find(struct fileword *file, const char *word, config_variable *variable,
	      struct failure *why)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	int rc;

	if (strcmp(word, "-") == 0 || strchr(word, '/') || access(word, F_OK) == 0) {
		char *path = strdup(word);

		if (!path)
			failure_nomem(why);
		else
			*file = (struct fileword){.path = path};
		return path ? EXIT_DONE : EXIT_FAILED;
	}
	rc = spool_open_entry(&entry, word, variable, why);
	if (rc < 0)
		return rc == SPOOL_SEVERAL ? EXIT_MISUSE : EXIT_FAILED;
	rc = find_capture(file, &entry, why);
	spool_entry_close(&entry);
	return rc;
}
