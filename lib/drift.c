#include "drift.h"

#include "clocks.h"
#include "errand.h"
#include "keyval.h"
#include "skew.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Runs the command, which takes it down under the key, for those that have no such line. */
static int
compare(const struct entry *entry, const char *key, char *const *command, struct failure *why)
{
	struct words engines = entry_participants(entry), unknown = WORDS_INIT;
	int rc;

	for (size_t i = 0; i < engines.count; i++) {
		struct keyval state;

		if (entry_load_engine(entry, engines.list[i], &state, NULL) < 0)
			continue;
		if (!keyval_get(&state, key))
			words_add(&unknown, engines.list[i]);
		keyval_release(&state);
	}
	rc = errand_run(entry, &unknown, "20s", command, why);
	words_free(words_finish(&engines));
	words_free(words_finish(&unknown));
	return rc;
}

int
drift_note_start(const struct entry *entry, struct failure *why)
{
	static char *const command[] = {"vcap-clock", "--key", "clock-start", "{}", NULL};

	return compare(entry, "clock-start", command, why);
}

int
drift_note_end(const struct entry *entry, struct failure *why)
{
	static char *const command[] = {"vcap-clock", "--key", "clock-end", "{}", NULL};

	return compare(entry, "clock-end", command, why);
}

/* How far the engine's clock was from this one, from the beginning and the end of the capture. */
static bool
clock_of(const struct entry *entry, const char *engine, struct skew *skew)
{
	struct keyval state;
	struct skew end;
	bool known, ended;

	if (entry_load_engine(entry, engine, &state, NULL) < 0)
		return false;
	known = skew_read(skew, &state, "clock-start");
	ended = skew_read(&end, &state, "clock-end");
	keyval_release(&state);
	if (ended)
		*skew = known ? skew_between(*skew, end) : end;
	return known || ended;
}

/* Has vcap-merge correct the engine's times, if its clock is known to be wrong, and say so. */
static void
add_options(const char *engine, const struct skew *skew, struct words *options)
{
	const bool is_corrected = skew_is_certain(skew);
	char text[SKEW_TEXT];
	int digits;

	skew_print(skew, text);
	digits = (int)strcspn(text, " ");
	if (is_corrected)
		words_add(options, "-o");
	clocks_correct(engine, skew, options);
	words_add(options, "--comment");
	words_addf(options, "%s: clock ahead by %.*s s, wrong by%s s at most, %s", engine, digits,
		   text, text + digits, is_corrected ? "corrected" : "not corrected");
}

int
drift_correct(struct entry *entry, const struct words *engines, struct words *options,
	      struct failure *why)
{
	struct words known = WORDS_INIT;
	char *text;
	int rc;

	for (size_t i = 0; i < engines->count; i++) {
		struct skew skew;
		char offset[SKEW_TEXT];

		if (!clock_of(entry, engines->list[i], &skew))
			continue;
		words_addf(&known, "%s %s", engines->list[i], skew_print(&skew, offset));
		add_options(engines->list[i], &skew, options);
	}
	text = words_join(&known, ", ");
	rc = text && keyval_set(&entry->facts, "clocks", "%s", text) == 0
		 ? 0
		 : failure_set(why, "out of memory");
	free(text);
	words_free(words_finish(&known));
	return rc;
}
