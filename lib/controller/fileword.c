#include "controller/fileword.h"

#include "base/exitcode.h"
#include "controller/snapshot_entry.h"
#include "controller/spool_id.h"
#include "controller/spool_pairs.h"

#include <stdio.h>
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

/* Whether it goes on and has no file at the end. One with a duration has. */
static bool
is_ring(const struct spool_entry *entry)
{
	return snapshot_entry_is_ring(entry, NULL) &&
	       keyval_number(&entry->facts, "duration", 0) == 0;
}

/* Sorts the ids, newest first, into those that are unfinished and others. Rings are in neither. */
static void
pass_over_rings(const struct spool *spool, char **ids, struct strvec *unfinished,
		struct strvec *over)
{
	for (char **id = ids; *id; id++) {
		struct spool_entry entry;

		if (spool_find(spool, *id, &entry, NULL) < 0)
			continue;
		if (!is_ring(&entry))
			strvec_push(spool_entry_is_over(&entry) ? over : unfinished, *id);
		spool_entry_close(&entry);
	}
}

int
fileword_choose(const struct spool *spool, const char *word, struct spool_entry *entry,
		struct failure *why)
{
	struct strvec unfinished = STRVEC_INIT, over = STRVEC_INIT;
	int rc = spool_find(spool, word, entry, why);
	char **ids, ring[SPOOL_ID_MAX];

	if (spool_id_is_valid(word) || (rc < 0 && rc != SPOOL_SEVERAL) ||
	    (rc == 0 && !is_ring(entry)))
		return rc;
	snprintf(ring, sizeof(ring), "%s", rc == 0 ? entry->id : "");
	spool_entry_close(entry);
	if (spool_list(spool, word, &ids, why) < 0)
		return -1;
	pass_over_rings(spool, ids, &unfinished, &over);
	spool_list_free(ids);
	if (unfinished.count > 1)
		rc = SPOOL_SEVERAL;
	else if (unfinished.count + over.count > 0)
		rc = spool_find(spool, (unfinished.count ? &unfinished : &over)->list[0], entry,
				why);
	else
		rc = failure_set(why,
				 "'%s' is rolling, and the only capture of '%s': "
				 "'vcap snapshot %s' makes one of what it has",
				 ring, word, word);
	if (rc == SPOOL_SEVERAL)
		spool_name_several(word, &unfinished, why);
	strvec_release(&unfinished);
	strvec_release(&over);
	return rc;
}

int
fileword_open_capture(struct spool_entry *entry, const char *word, config_variable *variable,
		      struct failure *why)
{
	struct spool spool = SPOOL_INIT;
	int rc = spool_open(&spool, variable, why);

	*entry = SPOOL_ENTRY_INIT;
	if (rc == 0)
		rc = fileword_choose(&spool, word, entry, why);
	spool_close(&spool);
	if (rc == 0 && is_ring(entry)) {
		rc = failure_set(why, "'%s' is rolling: 'vcap snapshot %s' makes a capture of it",
				 entry->id, entry->id);
		spool_entry_close(entry);
	}
	return rc;
}

int
fileword_find_capture(struct fileword *file, const char *word, config_variable *variable,
		      struct failure *why)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	int rc = fileword_open_capture(&entry, word, variable, why);

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
