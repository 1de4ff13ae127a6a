#include "controller/fileword.h"

#include "base/exitcode.h"
#include "controller/spool.h"
#include "controller/spool_pairs.h"

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

static int
take_capture(struct fileword *file, const struct spool_entry *entry, struct failure *why)
{
	struct fileword found = FILEWORD_INIT;

	if (!spool_entry_has_merged(entry)) {
		failure_set(why, "capture '%s' has no file yet: run 'vcap wait %s' first",
			    entry->id, entry->id);
		return EXIT_FAILED;
	}
	found.path = spool_entry_file(entry, "%s.pcapng", entry->id);
	found.service = spool_entry_file(entry, "service");
	found.tables = spool_pairs_paths(entry);
	if (!found.path || !found.service || found.tables.failed) {
		failure_nomem(why);
		fileword_release(&found);
		return EXIT_FAILED;
	}
	*file = found;
	return EXIT_DONE;
}

int
fileword_find_capture(struct fileword *file, const char *word, config_variable *variable,
		      struct failure *why)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	int rc = spool_open_entry(&entry, word, variable, why);

	if (rc < 0)
		return rc == SPOOL_SEVERAL ? EXIT_MISUSE : EXIT_FAILED;
	rc = take_capture(file, &entry, why);
	spool_entry_close(&entry);
	return rc;
}

int
fileword_find(struct fileword *file, const char *word, config_variable *variable,
	      struct failure *why)
{
	char *path;

	if (strcmp(word, "-") != 0 && !strchr(word, '/') && access(word, F_OK) < 0)
		return fileword_find_capture(file, word, variable, why);
	path = strdup(word);
	if (!path)
		failure_nomem(why);
	else
		*file = (struct fileword){.path = path};
	return path ? EXIT_DONE : EXIT_FAILED;
}
