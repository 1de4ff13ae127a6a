/*
 * A part that comes later is merged with the file that is there, beside it, and takes its place only
 * when the facts that describe it have been stored: with them, in one step, comes the fact `replace`,
 * and whoever finds that repeats the rename.
 */
#include "controller/mergedfile.h"

#include "controller/capture_audit.h"
#include "controller/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define NEXT ".next"

static char *
path_of(const struct spool_entry *entry, const char *ending)
{
	return spool_entry_file(entry, "%s%s.pcapng", entry->id, ending);
}

char *
mergedfile_new_path(const struct spool_entry *entry)
{
	return path_of(entry, spool_entry_has_merged(entry) ? NEXT : "");
}

/* Appends which inputs are regions, whose labels are kept, unless they name an engine of this
 * controller. Without an engines file none is. */
static void
add_regions(config_variable *variable, struct strvec *argv)
{
	struct engines known = ENGINES_INIT;
	struct failure unused;
	bool has_region = false;

	if (engines_load(&known, variable, &unused) < 0)
		return;
	for (size_t i = 0; i < known.count; i++)
		if (known.list[i].is_region) {
			strvec_pushf(argv, "--region=%s", known.list[i].name);
			has_region = true;
		}
	for (size_t i = 0; has_region && i < known.count; i++)
		strvec_pushf(argv, "--engines=%s", known.list[i].name);
	engines_release(&known);
}

char **
mergedfile_command(const struct spool_entry *entry, const struct strvec *engines,
		   const struct strvec *clock_options, config_variable *variable)
{
	const char *by = keyval_get(&entry->facts, "by");
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-merge", "-S", NULL);
	strvec_push_nodup(&argv, spool_entry_file(entry, "service"));
	strvec_push(&argv, "-w");
	strvec_push_nodup(&argv, mergedfile_new_path(entry));
	if (by && caller_is_word(by))
		strvec_pushf(&argv, "--comment=by %s", by);
	if (clock_options->list)
		strvec_pushv(&argv, clock_options->list);
	add_regions(variable, &argv);
	/* Its labels are kept, since it has no name. */
	if (spool_entry_has_merged(entry))
		strvec_push_nodup(&argv, path_of(entry, ""));
	for (size_t i = 0; i < engines->count; i++) {
		char *path = spool_entry_file(entry, "engines/%s.pcapng", engines->list[i]);

		strvec_pushf(&argv, "%s=%s", engines->list[i], path ? path : "");
		free(path);
	}
	return strvec_detach(&argv);
}

uint64_t
mergedfile_size(const struct spool_entry *entry)
{
	char *path = path_of(entry, "");
	struct stat st;
	const bool there = path && spool_entry_has_merged(entry) && stat(path, &st) == 0;

	free(path);
	return there ? (uint64_t)st.st_size : 0;
}

int
mergedfile_replace(struct spool_entry *entry, struct failure *why)
{
	char *from = path_of(entry, NEXT), *to = path_of(entry, "");
	int rc = 0;

	if (!keyval_get(&entry->facts, "replace")) {
		free(from);
		free(to);
		return 0;
	}
	if (!from || !to)
		rc = failure_nomem(why);
	else if (rename(from, to) < 0 && errno != ENOENT)
		rc = failure_errno(why, "cannot replace '%s'", to);
	free(from);
	free(to);
	if (rc == 0) {
		spool_entry_clear(entry, "replace", "yes");
		rc = spool_entry_store(entry, why);
	}
	return rc;
}

int
mergedfile_export(const struct spool_entry *entry, const char *to, config_variable *variable,
		  struct failure *why)
{
	char *path = path_of(entry, "");
	int fd = -1;

	if (!path)
		failure_nomem(why);
	else if (capture_audit(entry, CAPTURE_AUDIT_EXPORT, to, variable, why) == 0 &&
		 (fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		failure_errno(why, "cannot read '%s'", path);
	free(path);
	return fd;
}
