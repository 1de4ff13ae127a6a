#include "controller/spool_pairs.h"

#include "base/fileio.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
path_of(const struct spool_entry *entry, const char *engine)
{
	return spool_entry_file(entry, "engines/%s.pairs", engine);
}

struct strvec
spool_pairs_engines(const struct spool_entry *entry)
{
	struct strvec names = spool_entry_engines(entry), found = {.failed = names.failed};

	for (size_t i = 0; i < names.count; i++) {
		char *path = path_of(entry, names.list[i]);

		found.failed |= !path;
		if (path && access(path, R_OK) == 0)
			strvec_push(&found, names.list[i]);
		free(path);
	}
	strvec_release(&names);
	return found;
}

struct strvec
spool_pairs_paths(const struct spool_entry *entry)
{
	struct strvec names = spool_pairs_engines(entry), paths = {.failed = names.failed};

	for (size_t i = 0; i < names.count; i++)
		strvec_push_nodup(&paths, path_of(entry, names.list[i]));
	strvec_release(&names);
	return paths;
}

uint64_t
spool_pairs_size(const struct spool_entry *entry)
{
	struct strvec paths = spool_pairs_paths(entry);
	uint64_t size = 0;
	struct stat st;

	for (size_t i = 0; i < paths.count; i++)
		if (stat(paths.list[i], &st) == 0)
			size += (uint64_t)st.st_size;
	strvec_release(&paths);
	return size;
}

int
spool_pairs_print(const struct spool_entry *entry, FILE *out, struct failure *why)
{
	struct strvec paths = spool_pairs_paths(entry);
	int rc = paths.failed ? failure_nomem(why) : 0;

	for (size_t i = 0; i < paths.count && rc == 0; i++)
		rc = fileio_print(paths.list[i], out, why);
	strvec_release(&paths);
	return rc;
}
