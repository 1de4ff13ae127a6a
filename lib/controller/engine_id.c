#include "controller/engine_id.h"

#include "controller/engine_state.h"
#include "controller/snapshot_window.h"
#include "controller/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where as many numbers are taken, more than the clock is the matter. */
#define NUMBER_MOST 9

#define KEY         "known-as"
#define RING_KEY    "ring-known-as"

/* The id in the last line `key engine id`; otherwise if there is none. */
static const char *
find(const struct keyval *facts, const char *key, const char *engine, const char *otherwise)
{
	const size_t length = strlen(engine);
	const char *id = otherwise;

	for (size_t i = 0; i < facts->count; i++) {
		const char *value = facts->pairs[i].value;

		if (strcmp(facts->pairs[i].key, key) == 0 && strncmp(value, engine, length) == 0 &&
		    value[length] == ' ' && spool_id_is_valid(value + length + 1))
			id = value + length + 1;
	}
	return id;
}

const char *
engine_id(const struct spool_entry *entry, const char *engine)
{
	return find(&entry->facts, KEY, engine, entry->id);
}

int
engine_id_open(struct spool_entry *entry, const char *engine, const char *id,
	       config_variable *variable)
{
	char own[SPOOL_ID_MAX];
	bool is_one = true;

	for (spool_id_first(id, own); is_one; is_one = spool_id_next(own, NUMBER_MOST, own)) {
		if (spool_open_entry(entry, own, variable, NULL) < 0)
			continue;
		if (strcmp(engine_id(entry, engine), id) == 0)
			return 0;
		spool_entry_close(entry);
	}
	return -1;
}

const char *
engine_id_of_ring(const struct spool_entry *entry, const char *engine)
{
	const char *ring = snapshot_window_ring(entry);

	return ring ? find(&entry->facts, RING_KEY, engine, ring) : NULL;
}

int
engine_id_copy_ring(const struct spool_entry *ring, struct keyval *facts)
{
	int rc = 0;

	for (size_t i = 0; i < ring->facts.count && rc == 0; i++)
		if (strcmp(ring->facts.pairs[i].key, KEY) == 0)
			rc = keyval_add(facts, RING_KEY, "%s", ring->facts.pairs[i].value);
	return rc;
}

/* Whether the engine refused since a capture of that id is there: in words of rundir.c, and of a region's
 * spool.c. */
static bool
is_taken(const struct spool_entry *entry, const char *engine)
{
	static const char *const words[] = {"is in use by another capture", "is another capture's",
					    "' is not empty", "': File exists"};
	char *reason =
	    engine_state_is_refusal(entry, engine) ? engine_state_failure(entry, engine) : NULL;
	bool taken = false;

	for (size_t i = 0; reason && i < sizeof(words) / sizeof(*words); i++)
		taken = taken || strstr(reason, words[i]);
	free(reason);
	return taken;
}

/* Adds the fact with the next id. 0: that was the last. */
static int
renumber(struct spool_entry *entry, const char *engine)
{
	char id[SPOOL_ID_MAX];

	if (!spool_id_next(engine_id(entry, engine), NUMBER_MOST, id))
		return 0;
	return keyval_add(&entry->facts, KEY, "%s %s", engine, id) < 0 ? -1 : 1;
}

int
engine_id_renumber(struct spool_entry *entry, struct strvec *engines, struct failure *why)
{
	struct strvec names = spool_entry_engines(entry);
	size_t renumbered = 0;
	int rc = names.failed ? -1 : 0;

	for (size_t i = 0; i < names.count && rc >= 0; i++) {
		rc = is_taken(entry, names.list[i]) ? renumber(entry, names.list[i]) : 0;
		if (rc > 0) {
			strvec_push(engines, names.list[i]);
			renumbered++;
		}
	}
	strvec_release(&names);
	if (rc < 0 || engines->failed)
		return failure_nomem(why);
	return renumbered > 0 ? spool_entry_store(entry, why) : 0;
}
