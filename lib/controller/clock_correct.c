/*
 * A clock may drift during a capture of days, so its offset is measured at the start and at the
 * end, and the mean corrects the whole file, with an error that covers both (clock_offset_between);
 * one measurement alone is used as it is. Only an offset that exceeds its error is corrected:
 * otherwise the timestamps would be moved by noise. The offsets are kept in the engines' states, so
 * that a vcap-wait that is repeated does not measure again after the capture what it measured
 * before it.
 */
#include "controller/clock_correct.h"

#include "base/keyval.h"
#include "controller/clock_offset.h"
#include "controller/each.h"
#include "controller/engine_state.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Runs the command, which records the offset under key, for the engines whose state lacks key. */
static int
compare(const struct spool_entry *entry, const struct strvec *engines, const char *key,
	char *const *command, struct failure *why)
{
	struct strvec unknown = STRVEC_INIT;
	int rc;

	for (size_t i = 0; i < engines->count; i++) {
		struct keyval state;

		if (engine_state_load(entry, engines->list[i], &state, NULL) < 0)
			continue;
		if (!keyval_get(&state, key))
			strvec_push(&unknown, engines->list[i]);
		keyval_release(&state);
	}
	rc = each_run(entry, &unknown, (struct each_options){.timeout = "20s"}, command, why) < 0
		 ? -1
		 : 0;
	strvec_release(&unknown);
	return rc;
}

int
clock_correct_note_start(const struct spool_entry *entry, const struct strvec *engines,
			 struct failure *why)
{
	static char *const command[] = {"vcap-clock", "--key", "clock-start", "{}", NULL};

	return compare(entry, engines, "clock-start", command, why);
}

int
clock_correct_note_end(const struct spool_entry *entry, const struct strvec *engines,
		       struct failure *why)
{
	static char *const command[] = {"vcap-clock", "--key", "clock-end", "{}", NULL};

	return compare(entry, engines, "clock-end", command, why);
}

bool
clock_correct_offset(const struct spool_entry *entry, const char *engine,
		     struct clock_offset *offset)
{
	struct keyval state;
	struct clock_offset end;
	bool known, ended;

	if (engine_state_load(entry, engine, &state, NULL) < 0)
		return false;
	known = clock_offset_read(offset, &state, "clock-start");
	ended = clock_offset_read(&end, &state, "clock-end");
	keyval_release(&state);
	if (ended)
		*offset = known ? clock_offset_between(*offset, end) : end;
	return known || ended;
}

/* Appends the options of vcap-merge that correct the engine's timestamps, if its offset is certain,
 * and add a comment about its clock. */
static void
add_options(const char *engine, const struct clock_offset *offset, struct strvec *options)
{
	const bool is_corrected = clock_offset_is_certain(offset);
	char text[CLOCK_OFFSET_TEXT];
	int digits;

	clock_offset_print(offset, text);
	digits = (int)strcspn(text, " ");
	if (is_corrected)
		clock_offset_correct(engine, -offset->offset_ns, options);
	strvec_push(options, "--comment");
	strvec_pushf(options, "%s: clock ahead by %.*s s, wrong by%s s at most, %s", engine, digits,
		     text, text + digits, is_corrected ? "corrected" : "not corrected");
}

#define UNREAD "clock-unread" /* a mark of an engine */

/* Marks an engine whose clock is not known; options, if not NULL, get a comment that says so. */
static int
mark_unread(struct spool_entry *entry, const char *engine, struct strvec *options)
{
	if (options) {
		strvec_push(options, "--comment");
		strvec_pushf(options,
			     "the clock of '%s' could not be read: its times are not corrected",
			     engine);
	}
	return keyval_add(&entry->facts, UNREAD, "%s", engine);
}

int
clock_correct_offsets(struct spool_entry *entry, const struct strvec *engines,
		      struct strvec *options, struct failure *why)
{
	struct strvec known = STRVEC_INIT, all = spool_entry_participants(entry);
	char *text;
	int rc = 0;

	for (size_t i = 0; i < all.count && rc == 0; i++) {
		const bool is_merged = strvec_has(engines, all.list[i]);
		struct clock_offset offset;
		char printed[CLOCK_OFFSET_TEXT];

		spool_entry_clear(entry, UNREAD, all.list[i]);
		if (!clock_correct_offset(entry, all.list[i], &offset)) {
			rc = mark_unread(entry, all.list[i], is_merged ? options : NULL);
			continue;
		}
		strvec_pushf(&known, "%s %s", all.list[i], clock_offset_print(&offset, printed));
		if (is_merged)
			add_options(all.list[i], &offset, options);
	}
	strvec_release(&all);
	text = strvec_join(&known, ", ");
	if (!text || rc < 0 || keyval_set(&entry->facts, "clocks", "%s", text) < 0)
		rc = failure_nomem(why);
	free(text);
	strvec_release(&known);
	return rc;
}

int
clock_correct_remark(struct spool_entry *entry, const char *remark, struct failure *why)
{
	struct strvec unread = spool_entry_marked(entry, UNREAD);
	char *names = strvec_join(&unread, "', '");
	int rc = names ? 0 : -1;

	if (rc == 0 && unread.count > 0)
		rc = keyval_set(&entry->facts, "remark",
				"%s%sthe clock%s of '%s' could not be read: %s times are not "
				"corrected",
				remark, *remark ? "; " : "", unread.count > 1 ? "s" : "", names,
				unread.count > 1 ? "their" : "its");
	else if (rc == 0 && (*remark || keyval_get(&entry->facts, "remark")))
		rc = keyval_set(&entry->facts, "remark", "%s", remark);
	free(names);
	strvec_release(&unread);
	return rc < 0 ? failure_nomem(why) : 0;
}
