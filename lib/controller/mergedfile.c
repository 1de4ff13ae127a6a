/*
 * A part that comes later is merged with the file that is there, beside it, and takes its place only
 * when the facts that describe it have been stored: with them, in one step, comes the fact `replace`,
 * and whoever finds that repeats the rename.
 */
#include "controller/mergedfile.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "base/process.h"
#include "controller/capture_audit.h"
#include "controller/snapshot_window.h"
#include "controller/spool_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

void
mergedfile_add_regions(const struct engines *known, struct strvec *argv)
{
	bool has_region = false;

	for (size_t i = 0; i < known->count; i++)
		if (known->list[i].is_region) {
			strvec_pushf(argv, "--region=%s", known->list[i].name);
			has_region = true;
		}
	for (size_t i = 0; has_region && i < known->count; i++)
		strvec_pushf(argv, "--engines=%s", known->list[i].name);
}

/* Without an engines file none is. */
static void
add_regions(config_variable *variable, struct strvec *argv)
{
	struct engines known = ENGINES_INIT;
	struct failure unused;

	if (engines_load(&known, variable, &unused) < 0)
		return;
	mergedfile_add_regions(&known, argv);
	engines_release(&known);
}

char **
mergedfile_command(const struct spool_entry *entry, const struct strvec *engines,
		   const struct strvec *clock_options, config_variable *variable)
{
	const char *by = keyval_get(&entry->facts, "by");
	const char *comment = keyval_get(&entry->facts, "comment");
	struct snapshot_window window;
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-merge", "-S", NULL);
	strvec_push_nodup(&argv, spool_entry_file(entry, "service"));
	strvec_push(&argv, "-w");
	strvec_push_nodup(&argv, mergedfile_new_path(entry));
	if (by && caller_is_word(by))
		strvec_pushf(&argv, "--comment=by %s", by);
	if (comment)
		strvec_pushf(&argv, "--comment=note: %s", comment);
	if (snapshot_window_read(&window, entry)) {
		strvec_pushf(&argv, "--since=" CLOCK_FORMAT, CLOCK_ARGS(window.from_ns));
		strvec_pushf(&argv, "--until=" CLOCK_FORMAT, CLOCK_ARGS(window.to_ns));
	}
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

void
mergedfile_remove_parts(const struct spool_entry *entry, const struct strvec *engines)
{
	for (size_t i = 0; i < engines->count; i++) {
		char *path = spool_entry_file(entry, "engines/%s.pcapng", engines->list[i]);

		if (path)
			unlink(path);
		free(path);
	}
}

int
mergedfile_check_form(const struct mergedfile_form *form, struct failure *why)
{
	const bool is_pcap = strcmp(form->format, "pcap") == 0;

	if (!is_pcap && strcmp(form->format, "pcapng") != 0)
		return failure_set(why, "unknown format '%s' (pcapng or pcap)", form->format);
	if (form->snaplen && strcmp(form->snaplen, "headers") != 0)
		return failure_set(why, "not 'headers': '%s'", form->snaplen);
	if (form->comment && is_pcap)
		return failure_set(why, "a pcap file has no comments: '--comment' is for pcapng");
	if (form->keys && is_pcap)
		return failure_set(why, "a pcap file has no keys: '--keys' is for pcapng");
	if (form->keys && form->pseudonyms)
		return failure_set(why, "'--keys' and '--anonymize' exclude each other");
	if (form->keys && form->snaplen)
		return failure_set(why, "'--keys' and '-s headers' exclude each other: without "
					"payload there is nothing to open");
	return 0;
}

int
mergedfile_export(const struct spool_entry *entry, const char *to,
		  const struct mergedfile_form *form, config_variable *variable,
		  struct failure *why)
{
	const enum capture_audit_event event =
	    form->keys ? CAPTURE_AUDIT_KEYS : CAPTURE_AUDIT_EXPORT;
	char *path = path_of(entry, "");
	int fd = -1;

	if (!path)
		failure_nomem(why);
	else if (form->keys && !spool_keys_exist(entry))
		failure_set(why, "capture '%s' has no TLS keys (see 'vcap start --keys')",
			    entry->id);
	else if (capture_audit(entry, event, to, variable, why) == 0 &&
		 (fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		failure_errno(why, "cannot read '%s'", path);
	free(path);
	return fd;
}

static int
copy(int from, int to, struct failure *why)
{
	static char buffer[1 << 16];
	ssize_t size;

	while ((size = fileio_read_full(from, buffer, sizeof(buffer))) > 0)
		if (fileio_write_all(to, buffer, (size_t)size) < 0)
			return failure_errno(why, "cannot write the capture");
	return size < 0 ? failure_errno(why, "cannot read the capture") : 0;
}

/* Runs vcap-anonymize behind vcap-merge. Returns the status of the one that failed; -1 with why. */
static int
anonymize(int from, int to, char *const *merge, const struct mergedfile_form *form,
	  struct failure *why)
{
	struct strvec argv = STRVEC_INIT;
	struct process last = PROCESS_INIT;
	int ends[2], rc, status;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return failure_errno(why, "cannot make a pipe");
	strvec_pushl(&argv, "vcap-anonymize", "-F", form->format, "-k", form->pseudonyms, "-",
		     NULL);
	rc = argv.failed ? failure_nomem(why)
			 : process_start(&last, argv.list, ends[0], to, STDERR_FILENO, why);
	strvec_release(&argv);
	close(ends[0]);
	if (rc == 0)
		rc = process_run(merge, from, ends[1], STDERR_FILENO, -1, why);
	close(ends[1]);
	if (last.pid == 0)
		return -1;
	status = process_wait(&last, -1);
	/* A merge without a reader fails, too. */
	return status == EXIT_DONE ? rc : status;
}

int
mergedfile_copy(const struct spool_entry *entry, int from, int to,
		const struct mergedfile_form *form, struct failure *why)
{
	struct strvec argv = STRVEC_INIT;
	int status;

	if (strcmp(form->format, "pcapng") == 0 && !form->only && !form->comment &&
	    !form->snaplen && !form->keys && !form->pseudonyms)
		return copy(from, to, why);
	strvec_pushl(&argv, "vcap-merge", "-F", form->pseudonyms ? "pcapng" : form->format, NULL);
	if (form->keys) {
		strvec_push(&argv, "--keys");
		strvec_push_nodup(&argv, spool_keys_path(entry));
	}
	if (form->only)
		strvec_pushf(&argv, "--only=%s", form->only);
	if (form->snaplen)
		strvec_push(&argv, "--cut");
	if (form->comment)
		strvec_pushf(&argv, "--comment=note: %s", form->comment);
	/* With keys it is read twice, which standard input cannot be. */
	strvec_pushl(&argv, "-w", "-", NULL);
	strvec_push_nodup(&argv, form->keys ? path_of(entry, "") : strdup("-"));
	if (argv.failed)
		status = failure_nomem(why);
	else if (form->pseudonyms)
		status = anonymize(from, to, argv.list, form, why);
	else
		status = process_run(argv.list, from, to, STDERR_FILENO, -1, why);
	strvec_release(&argv);
	if (status > 0 && status != EXIT_PARTIAL)
		return failure_set(why, "cannot convert the capture");
	return status < 0 ? -1 : 0;
}
