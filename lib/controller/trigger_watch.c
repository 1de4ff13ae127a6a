/*
 * Engines count, and their counts come with their states, once a second. A count that has grown is something
 * that happened: its moment is when the first such state came. What the other engines saw of it comes within the
 * next seconds, so that a decision is made a little later: to snapshot, or that there was one just now, or were
 * too many. Time does not press, since engines hold the past for longer than that (PARAMS_ROLLING_MARGIN_NS).
 *
 * What was decided about is stored after it is done. A process that dies in between is followed by one that
 * decides again, and finds that the moment, a few seconds later, is in the window of the snapshot that was made.
 */
#include "controller/trigger_watch.h"

#include "base/clock.h"
#include "controller/engine_state.h"
#include "controller/snapshot_entry.h"
#include "controller/spool.h"
#include "controller/trigger_params.h"
#include "controller/trigger_record.h"
#include "flows/trigger_spec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GATHER_NS (4 * NS_PER_SECOND)
#define AFTER_NS  (10 * NS_PER_SECOND)
#define WORD_TOLD 60 /* bytes of a trigger in the note of a snapshot */

struct trigger_watch {
	const struct spool_entry *ring;
	config_variable *variable;
	struct trigger_record record; /* as decided about */
	struct trigger_record now;    /* as counted */
	int64_t *heard;               /* by engine: which state was taken; heap */
	size_t heard_count;
	int64_t moment_ns; /* of what is to be decided about, since 1970; 0: nothing is */
	int64_t due_ns;    /* when (CLOCK_MONOTONIC) */
	int64_t peace_ns;  /* no snapshot before (CLOCK_MONOTONIC) */
};

/* The time of peace that is left from a process before. */
static int64_t
peace_left(const struct trigger_record *record, int64_t cooldown)
{
	const int64_t last =
	    record->taken_count ? record->taken[record->taken_count - 1] : INT64_MIN / 2;
	const int64_t since = clock_realtime_ns() - last;

	return since >= 0 && since < cooldown ? cooldown - since : 0;
}

static int64_t
cooldown_of(const struct spool_entry *ring)
{
	return (int64_t)keyval_number(&ring->facts, "cooldown", TRIGGER_PARAMS_COOLDOWN_NS);
}

int
trigger_watch_begin(struct trigger_watch **watch, const struct spool_entry *ring,
		    config_variable *variable, struct failure *why)
{
	struct trigger_watch *made;

	*watch = NULL;
	if (!keyval_get(&ring->facts, "on"))
		return 0;
	made = calloc(1, sizeof(*made));
	if (!made)
		return failure_nomem(why);
	made->ring = ring;
	made->variable = variable;
	if (trigger_record_load(&made->record, ring, why) < 0 ||
	    trigger_record_load(&made->now, ring, why) < 0) {
		trigger_watch_end(made);
		return -1;
	}
	made->peace_ns = clock_monotonic_ns() + peace_left(&made->record, cooldown_of(ring));
	*watch = made;
	return 0;
}

void
trigger_watch_end(struct trigger_watch *watch)
{
	if (!watch)
		return;
	trigger_record_release(&watch->record);
	trigger_record_release(&watch->now);
	free(watch->heard);
	free(watch);
}

/* Takes the counts in an engine's state. Returns whether one has grown beyond what was decided about. */
static bool
take_state(struct trigger_watch *watch, const char *engine, const struct keyval *state)
{
	bool has_grown = false;

	for (unsigned number = 1; number <= TRIGGER_SPEC_MOST; number++) {
		struct trigger_seen *now, *before;
		uint64_t counts[2];

		if (!trigger_record_read(state, number, counts))
			continue;
		now = trigger_record_find(&watch->now, number, engine);
		before = trigger_record_find(&watch->record, number, engine);
		if (!now || !before)
			continue;
		now->matches = counts[0];
		has_grown |= now->matches > before->matches;
	}
	return has_grown;
}

/* Takes the states that are new. Returns whether there is something to decide about. */
static bool
take_states(struct trigger_watch *watch, const struct following *following)
{
	bool has_grown = false;

	if (watch->heard_count != following->count) {
		free(watch->heard);
		watch->heard = calloc(following->count + 1, sizeof(*watch->heard));
		watch->heard_count = watch->heard ? following->count : 0;
	}
	for (size_t i = 0; i < watch->heard_count; i++) {
		const struct followed *engine = &following->list[i];
		struct keyval state;

		if (engine->heard_ns == watch->heard[i])
			continue;
		watch->heard[i] = engine->heard_ns;
		if (engine_state_load(watch->ring, engine->name, &state, NULL) == 0)
			has_grown |= take_state(watch, engine->name, &state);
		keyval_release(&state);
	}
	return has_grown;
}

/* Which engines saw how many of a trigger since the last decision: "'WORD' (lb1 12, lb2 9)". */
static void
tell_trigger(const struct trigger_watch *watch, unsigned number, const char *word, FILE *out)
{
	const char *separator = "";
	bool has_any = false;

	for (size_t i = 0; i < watch->now.seen_count; i++) {
		const struct trigger_seen *now = &watch->now.seen[i];
		const struct trigger_seen *before;

		if (now->number != number)
			continue;
		before = trigger_record_find((struct trigger_record *)&watch->record, number,
					     now->engine);
		if (!before || now->matches <= before->matches)
			continue;
		if (!has_any)
			fprintf(out, "%s'%.*s%s' (", ftell(out) > 0 ? ", " : "", WORD_TOLD, word,
				strlen(word) > WORD_TOLD ? "..." : "");
		has_any = true;
		fprintf(out, "%s%s %" PRIu64, separator, now->engine,
			now->matches - before->matches);
		separator = ", ";
	}
	if (has_any)
		putc(')', out);
}

/* Heap; NULL: out of memory. */
static char *
make_note(const struct trigger_watch *watch)
{
	const struct keyval *facts = &watch->ring->facts;
	unsigned number = 0;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; out && i < facts->count; i++)
		if (strcmp(facts->pairs[i].key, "on") == 0)
			tell_trigger(watch, ++number, facts->pairs[i].value, out);
	if (out && fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* Makes the snapshot. */
static enum snapshot_outcome
snapshot(const struct trigger_watch *watch, struct failure *why)
{
	char *note = make_note(watch), id[SPOOL_ID_MAX];
	const struct snapshot_wish wish = {.moment_ns = watch->moment_ns,
					   .after_ns = AFTER_NS,
					   .note = note,
					   .cooldown_ns = cooldown_of(watch->ring),
					   .by = keyval_get(&watch->ring->facts, "by")};
	struct spool spool = SPOOL_INIT;
	enum snapshot_outcome outcome = SNAPSHOT_FAILED;

	if (!note) {
		failure_nomem(why);
	} else if (spool_open(&spool, watch->variable, why) == 0) {
		outcome = snapshot_entry_make(&spool, watch->ring, &wish, watch->variable, id, why);
		spool_close(&spool);
	}
	free(note);
	return outcome;
}

/* What was counted is decided about. */
static void
settle(struct trigger_watch *watch)
{
	for (size_t i = 0; i < watch->now.seen_count; i++) {
		const struct trigger_seen *now = &watch->now.seen[i];
		struct trigger_seen *before =
		    trigger_record_find(&watch->record, now->number, now->engine);

		if (before)
			before->matches = now->matches;
	}
	watch->moment_ns = 0;
	/* What could not be stored is stored next time. */
	trigger_record_store(&watch->record, watch->ring, NULL);
}

static void
decide(struct trigger_watch *watch, int64_t now)
{
	const uint64_t most =
	    keyval_number(&watch->ring->facts, "max-snapshots", TRIGGER_PARAMS_SNAPSHOTS);
	enum snapshot_outcome outcome = SNAPSHOT_COOLING;

	if (now >= watch->peace_ns &&
	    trigger_record_taken(&watch->record, clock_realtime_ns()) < most)
		outcome = snapshot(watch, &watch->record.why);
	if (outcome == SNAPSHOT_MADE) {
		trigger_record_add_taken(&watch->record, watch->moment_ns);
		watch->peace_ns = now + cooldown_of(watch->ring);
	} else if (outcome == SNAPSHOT_FAILED) {
		watch->record.failed++;
	} else {
		watch->record.suppressed++;
	}
	settle(watch);
}

void
trigger_watch_turn(struct trigger_watch *watch, const struct following *following)
{
	const int64_t now = clock_monotonic_ns();

	if (!watch)
		return;
	if (take_states(watch, following) && !watch->moment_ns) {
		watch->moment_ns = clock_realtime_ns();
		watch->due_ns = now + GATHER_NS;
	}
	if (watch->moment_ns && now >= watch->due_ns)
		decide(watch, now);
}
