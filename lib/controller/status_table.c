#include "controller/status_table.h"

#include "base/clock.h"
#include "base/datetime.h"
#include "base/parse.h"
#include "base/text.h"
#include "controller/engine_state.h"
#include "controller/entry_service.h"
#include "controller/lostlines.h"
#include "controller/timeleft.h"
#include "controller/vipmoves.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The order of scripts; columns were added at the end. */
static const struct table_column columns[] = {
    {"CAPTURE", TABLE_TEXT, TABLE_ABOVE, 2},
    {"STATE", TABLE_TEXT, TABLE_ABOVE, 3},
    {"ENGINE"},
    {"DOING"},
    {"PACKETS", TABLE_NUMBER},
    {"DROPS", TABLE_NUMBER},
    {"NOTE", TABLE_TEXT, TABLE_BELOW, 1},
    {"BYTES", TABLE_NUMBER},
    {"LEFT"},
    {"AGE", TABLE_NUMBER},
    {"LOST", TABLE_TEXT, TABLE_BELOW, 2},
    {"SNAPSHOTS", TABLE_NUMBER},
};

#define HUMAN_COLUMNS "CAPTURE,STATE,ENGINE,DOING,PACKETS,BYTES,DROPS,LEFT,AGE,NOTE,LOST"

enum { NOTE_TEXT = DATETIME_TEXT + 64 };

struct table *
status_table_new(enum table_form form)
{
	struct table *table = table_new("engines", columns, sizeof(columns) / sizeof(*columns));

	if (table && form == TABLE_HUMAN && table_choose(table, HUMAN_COLUMNS, NULL) < 0) {
		table_free(table);
		return NULL;
	}
	return table;
}

/* Of a rolling capture: how many snapshots there are, and since when the engine has all. NULL: it is none, or has
 * not said. */
static const char *
ring_note(const struct spool_entry *entry, const struct keyval *state, unsigned snapshots,
	  char to[NOTE_TEXT])
{
	const char *since = keyval_get(state, "complete-since");
	char time[DATETIME_TEXT];
	int64_t ns;

	if (!keyval_get(&entry->facts, "rolling") || !since || parse_offset(since, &ns, NULL) < 0)
		return NULL;
	if (snapshots > 0)
		snprintf(to, NOTE_TEXT, "%u snapshot%s, complete since %s", snapshots,
			 snapshots > 1 ? "s" : "", datetime_format(ns, time));
	else
		snprintf(to, NOTE_TEXT, "complete since %s", datetime_format(ns, time));
	return to;
}

/* The word for DOING, and the text for NOTE in *note; when is a buffer for it. */
static const char *
doing(const struct spool_entry *entry, const char *engine, const struct keyval *state,
      unsigned snapshots, const char **note, char when[NOTE_TEXT])
{
	const enum engine_status status = engine_state_status(state);
	const char *missing = spool_entry_missing_reason(entry, engine), *message;

	*note = missing ? missing : keyval_get(state, "message");
	if (missing)
		return "missing";
	message = keyval_get(&entry->facts, "message");
	if (!spool_entry_is_over(entry) && message && *message)
		*note = message;
	if (spool_entry_is_over(entry)) {
		if (keyval_number(&entry->facts, "packets", 0) > 0 && (!*note || !**note) &&
		    keyval_get(state, "packets") && keyval_number(state, "packets", 0) == 0)
			*note = "saw no packets, others did";
		return "merged";
	}
	if (keyval_number(state, "exit", 0) != 0) {
		*note = keyval_get(state, "error");
		return "unreachable";
	}
	if (spool_entry_state(entry) == CAPTURE_WAITING) {
		const char *at = keyval_get(&entry->facts, "at");
		int64_t at_ns;

		if (at && parse_offset(at, &at_ns, NULL) == 0)
			*note = datetime_format(at_ns, when);
		return "waiting";
	}
	if (status == ENGINE_SILENT)
		return keyval_get(state, "exit") ? "capturing" : "starting";
	if (status == ENGINE_RUNNING && (!*note || !**note))
		*note = ring_note(entry, state, snapshots, when);
	return status == ENGINE_RUNNING ? "capturing" : "ended";
}

/* How old what is told of the engine is: for people as LEFT, else in seconds; empty if it has ended. */
static const char *
age(enum table_form form, const struct keyval *state, char to[TIMELEFT_TEXT])
{
	const int64_t age_ns = timeleft_age_ns(state, clock_realtime_ns());

	*to = '\0';
	if (age_ns >= 0 && form == TABLE_HUMAN)
		timeleft_print(age_ns, to);
	else if (age_ns >= 0)
		snprintf(to, TIMELEFT_TEXT, CLOCK_FORMAT, CLOCK_ARGS(age_ns));
	return to;
}

/* For how many more seconds an engine that cannot be reached is waited for; 0: for longer. */
static int64_t
waits_for(const struct spool_entry *entry)
{
	const char *until = keyval_get(&entry->facts, "waits-until");
	int64_t until_ns, left;

	if (!until || parse_offset(until, &until_ns, NULL) < 0)
		return 0;
	left = until_ns - clock_realtime_ns();
	return left > 0 ? (left + NS_PER_SECOND - 1) / NS_PER_SECOND : 0;
}

/* Which VIPs came to the engine or went. Heap; NULL: none. */
static char *
moved_vips(const struct spool_entry *entry, const struct keyval *state)
{
	struct service service = SERVICE_INIT;
	char *text = NULL;

	if (entry_service_load(&service, entry) == 0)
		text = vipmoves_note(state, &service);
	service_release(&service);
	return text;
}

/* What the engine's host lost: heap; empty: nothing that is known; NULL: out of memory. */
static char *
losses_text(const struct keyval *state)
{
	struct strvec lines = STRVEC_INIT;
	char *text;

	lostlines_add(state, LOSTLINES_ALL, "", &lines);
	text = lines.failed ? NULL : strvec_join(&lines, "; ");
	strvec_release(&lines);
	return text;
}

int
status_table_add(struct table *table, enum table_form form, const struct spool_entry *entry,
		 unsigned snapshots, const char *engine, struct strvec *remarks,
		 struct failure *why)
{
	struct failure unreadable;
	struct keyval state;
	const char *note, *word, *bytes;
	char *moves = NULL, *lost;
	char waits[256], when[NOTE_TEXT], zone[DATETIME_ZONE], left[TIMELEFT_TEXT] = "",
							       old[TIMELEFT_TEXT], size[TEXT_SIZE];
	char taken[16];
	int rc;

	snprintf(taken, sizeof(taken), "%u", snapshots);
	if (engine_state_load(entry, engine, &state, &unreadable) < 0)
		strvec_push(remarks, unreadable.text);
	word = doing(entry, engine, &state, snapshots, &note, when);
	if (form == TABLE_HUMAN && strcmp(word, "unreachable") == 0 && waits_for(entry) > 0) {
		snprintf(waits, sizeof(waits), "waiting %" PRId64 " s more: %s", waits_for(entry),
			 note ? note : "");
		note = waits;
	}
	if (form == TABLE_HUMAN && note == when)
		snprintf(when + strlen(when), NOTE_TEXT - strlen(when), " %s",
			 datetime_zone(clock_realtime_ns(), zone));
	if (!spool_entry_missing_reason(entry, engine))
		timeleft_format(entry, &state, clock_realtime_ns(), left);
	bytes = keyval_get(&state, "bytes");
	if (bytes && form == TABLE_HUMAN)
		bytes = text_size(keyval_number(&state, "bytes", 0), size);
	if (!note || !*note)
		note = moves = moved_vips(entry, &state);
	lost = losses_text(&state);
	rc = !lost ? failure_nomem(why)
		   : table_add(table,
			       (const char *const[]){
				   entry->id, spool_entry_state_name(entry), engine, word,
				   keyval_get(&state, "packets"), keyval_get(&state, "dropped"),
				   note, bytes, left,
				   spool_entry_is_over(entry) ? NULL : age(form, &state, old), lost,
				   keyval_get(&entry->facts, "rolling") ? taken : NULL},
			       why);
	free(moves);
	free(lost);
	keyval_release(&state);
	return rc;
}
