/*
 * What engines send is believed as little as anything else: their keys are matched with the hellos of the merged
 * file once more, which of a snapshot is that of its window alone.
 */
#include "controller/spool_keys.h"

#include "base/fileio.h"
#include "base/outfile.h"
#include "capfile/reader.h"
#include "packet/sessionkeys.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *
spool_keys_path(const struct spool_entry *entry)
{
	return spool_entry_file(entry, "%s.keys", entry->id);
}

bool
spool_keys_exist(const struct spool_entry *entry)
{
	char *path = spool_keys_path(entry);
	const bool exist = path && access(path, F_OK) == 0;

	free(path);
	return exist;
}

uint64_t
spool_keys_size(const struct spool_entry *entry)
{
	char *path = spool_keys_path(entry);
	struct stat st;
	const bool exist = path && stat(path, &st) == 0;

	free(path);
	return exist ? (uint64_t)st.st_size : 0;
}

int
spool_keys_print(const struct spool_entry *entry, FILE *out, struct failure *why)
{
	char *path = spool_keys_path(entry);
	int rc = path ? fileio_print(path, out, why) : failure_nomem(why);

	free(path);
	return rc;
}

/* Takes the hellos of a capture file. One that is damaged has those up to there. */
static int
see_file(struct sessionkeys *keys, const char *path, struct failure *why)
{
	struct reader *reader = reader_open(path, why);
	struct source *source = reader ? reader_source(reader) : NULL;
	enum source_event event = SOURCE_END;
	struct packet packet;
	int rc = reader ? 0 : -1;

	while (rc == 0 && (event = source->next(source, &packet, why)) != SOURCE_END &&
	       event != SOURCE_CUT)
		if (event == SOURCE_PACKET)
			rc = sessionkeys_see(keys, &packet,
					     source->interfaces[packet.iface].linktype);
	if (rc < 0 && reader)
		failure_nomem(why);
	reader_close(reader);
	return rc;
}

/* Takes the keys in a file of the spool; one that is not there has none. path is freed. */
static int
read_file(struct sessionkeys *keys, char *path, struct failure *why)
{
	FILE *in = path ? fopen(path, "re") : NULL;
	int rc = 0;

	if (!path)
		rc = failure_nomem(why);
	else if (!in && errno != ENOENT)
		rc = failure_errno(why, "cannot read '%s'", path);
	else if (in)
		rc = sessionkeys_read(keys, in, why);
	if (in)
		fclose(in);
	free(path);
	return rc;
}

static int
store(struct spool_entry *entry, struct sessionkeys *keys, struct failure *why)
{
	char name[SPOOL_ID_MAX + 8], *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	const struct sessionkeys_count count = sessionkeys_count(keys);
	int rc = 0;

	if (!out || sessionkeys_print(keys, out) < 0)
		rc = failure_nomem(why);
	if (out && fclose(out) != 0 && rc == 0)
		rc = failure_nomem(why);
	snprintf(name, sizeof(name), "%s.keys", entry->id);
	if (rc == 0 && size > 0)
		rc = outfile_replace(entry->dir, name, text, size, why);
	if (rc == 0 && size > 0 && fchmodat(entry->dir, name, S_IRUSR | S_IWUSR, 0) < 0)
		rc = failure_errno(why, "cannot write '%s'", name);
	if (rc == 0 && (keyval_set(&entry->facts, "hellos", "%" PRIu64, count.hellos) < 0 ||
			keyval_set(&entry->facts, "keyed", "%" PRIu64, count.keyed) < 0))
		rc = failure_nomem(why);
	if (text)
		explicit_bzero(text, size);
	free(text);
	return rc;
}

static void
remove_fetched(const struct spool_entry *entry, const struct strvec *engines)
{
	for (size_t i = 0; i < engines->count; i++) {
		char *path = spool_entry_file(entry, "engines/%s.keys", engines->list[i]);

		if (path)
			unlink(path);
		free(path);
	}
}

int
spool_keys_collect(struct spool_entry *entry, const struct strvec *engines, const char *path,
		   struct failure *why)
{
	struct sessionkeys *keys;
	int rc;

	if (!keyval_get(&entry->facts, "keys"))
		return 0;
	keys = sessionkeys_new(why);
	if (!keys)
		return -1;
	rc = see_file(keys, path, why);
	if (rc == 0)
		rc = read_file(keys, spool_keys_path(entry), why);
	for (size_t i = 0; i < engines->count && rc == 0; i++)
		rc = read_file(keys, spool_entry_file(entry, "engines/%s.keys", engines->list[i]),
			       why);
	if (rc == 0)
		rc = store(entry, keys, why);
	sessionkeys_free(keys);
	if (rc == 0)
		remove_fetched(entry, engines);
	return rc;
}

const char *
spool_keys_text(const struct spool_entry *entry, char text[SPOOL_KEYS_TEXT])
{
	*text = '\0';
	if (keyval_get(&entry->facts, "hellos"))
		snprintf(text, SPOOL_KEYS_TEXT, "%" PRIu64 "/%" PRIu64,
			 keyval_number(&entry->facts, "keyed", 0),
			 keyval_number(&entry->facts, "hellos", 0));
	return text;
}

void
spool_keys_remark(const struct spool_entry *entry, struct strvec *lines)
{
	const uint64_t hellos = keyval_number(&entry->facts, "hellos", 0),
		       keyed = keyval_number(&entry->facts, "keyed", 0);

	if (!keyval_get(&entry->facts, "hellos") || keyval_get(&entry->facts, "keys-removed"))
		return;
	if (hellos == 0)
		strvec_push(lines, "no TLS session begins in the capture: it has no keys");
	else if (keyed == 0)
		strvec_pushf(lines,
			     "none of %" PRIu64
			     " TLS sessions has a key: see 'keys=' and HAProxy's "
			     "log lines in vcap-keys(1)",
			     hellos);
	else if (keyed < hellos)
		strvec_pushf(lines,
			     "%" PRIu64 " of %" PRIu64
			     " TLS sessions have keys (HAProxy before 3.0 "
			     "tells no server keys of TLS 1.3)",
			     keyed, hellos);
}

int
spool_keys_remove(struct spool_entry *entry, struct failure *why)
{
	char *path = spool_keys_path(entry);
	int rc = path ? 0 : failure_nomem(why);

	if (rc == 0 && unlink(path) < 0 && errno != ENOENT)
		rc = failure_errno(why, "cannot remove '%s'", path);
	free(path);
	if (rc == 0 && (keyval_set(&entry->facts, "keyed", "0") < 0 ||
			keyval_set(&entry->facts, "keys-removed", "yes") < 0))
		rc = failure_nomem(why);
	return rc < 0 ? -1 : spool_entry_store(entry, why);
}
