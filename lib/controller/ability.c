#include "controller/ability.h"

#include "base/caller.h"
#include "base/clock.h"
#include "base/exitcode.h"
#include "controller/engine_id.h"
#include "controller/engine_state.h"
#include "controller/snapshot_window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The abilities that are options of a start, `--WORD=` or `--WORD`. */
static const char *const options[] = {"token", "by", "audit", "drops"};
enum { OPTIONS = sizeof(options) / sizeof(*options) };

static bool
lacks(const struct spool_entry *entry, const char *engine, const char *word)
{
	const size_t length = strlen(engine);

	for (size_t i = 0; i < entry->facts.count; i++) {
		const struct keyval_pair *pair = &entry->facts.pairs[i];

		if (strcmp(pair->key, "lacks") == 0 && strncmp(pair->value, engine, length) == 0 &&
		    pair->value[length] == ' ' && strcmp(pair->value + length + 1, word) == 0)
			return true;
	}
	return false;
}

const char *
ability_lacks_drops(const struct spool_entry *entry, const char *engine, const struct keyval *state,
		    char text[ABILITY_TEXT])
{
	const char *lost = keyval_get(state, "kernel-drops-lost");

	if (!keyval_get(&entry->facts, "drops"))
		return NULL;
	if (!spool_entry_token(entry, engine) || lacks(entry, engine, "drops"))
		snprintf(text, ABILITY_TEXT, "its vcap keeps no dropped packets");
	else if (lost && engine_state_status(state) == ENGINE_DONE)
		snprintf(text, ABILITY_TEXT, "%s: dropped packets are missing", lost);
	else
		return NULL;
	return text;
}

struct commands_told
ability_told(const struct spool_entry *entry, const char *engine, enum audit_need audit)
{
	struct commands_told told = {.token = spool_entry_token(entry, engine)};
	const char *by = keyval_get(&entry->facts, "by");
	struct snapshot_window window;

	told.triggers = &entry->facts;
	told.ring = engine_id_of_ring(entry, engine);
	told.ring_token = told.ring ? keyval_get(&entry->facts, "ring-token") : NULL;
	if (snapshot_window_there(&window, entry, engine)) {
		snprintf(told.from, sizeof(told.from), CLOCK_FORMAT, CLOCK_ARGS(window.from_ns));
		snprintf(told.to, sizeof(told.to), CLOCK_FORMAT, CLOCK_ARGS(window.to_ns));
	}

	/* One that knows no token is of 0.1.0, and knows nothing of the others. */
	if (!told.token)
		return told;
	if (by && caller_is_word(by) && !lacks(entry, engine, "by"))
		told.by = by;
	if (audit == AUDIT_REQUIRED && !lacks(entry, engine, "audit"))
		told.audit = "required";
	if (keyval_get(&entry->facts, "drops") && !lacks(entry, engine, "drops"))
		told.drops = "--drops";
	return told;
}

/* Whether the message is about the option. */
static bool
names_option(const char *message, const char *option)
{
	char quoted[32];
	const char *at;

	snprintf(quoted, sizeof(quoted), "'--%s", option);
	at = strstr(message, quoted);
	return at && (at[strlen(quoted)] == '=' || at[strlen(quoted)] == '\'');
}

/* Which of the options the engine has refused: its number; OPTIONS: none. */
static size_t
refused(const struct spool_entry *entry, const char *engine)
{
	struct keyval state;
	const char *error;
	size_t i = OPTIONS;

	if (engine_state_load(entry, engine, &state, NULL) < 0)
		return OPTIONS;
	error = keyval_get(&state, "error");
	if (error && keyval_number(&state, "exit", 0) == EXIT_MISUSE)
		for (i = 0; i < OPTIONS; i++)
			if (names_option(error, options[i]))
				break;
	keyval_release(&state);
	return i;
}

/* Marks the engine. One that has refused an option without which it was started has another reason
 * to: 0; 1: marked; -1 with why. */
static int
mark(struct spool_entry *entry, const char *engine, const char *word, struct failure *why)
{
	if (!spool_entry_token(entry, engine) || lacks(entry, engine, word))
		return 0;
	if (strcmp(word, "token") == 0)
		return spool_entry_set_older(entry, engine, why) < 0 ? -1 : 1;
	if (keyval_add(&entry->facts, "lacks", "%s %s", engine, word) < 0)
		return failure_nomem(why);
	return spool_entry_store(entry, why) < 0 ? -1 : 1;
}

int
ability_learn(struct spool_entry *entry, struct strvec *engines, struct failure *why)
{
	struct strvec names = spool_entry_engines(entry);
	int rc = names.failed ? failure_nomem(why) : 0;

	for (size_t i = 0; i < names.count && rc >= 0; i++) {
		const size_t which = refused(entry, names.list[i]);

		rc = which < OPTIONS ? mark(entry, names.list[i], options[which], why) : 0;
		if (rc > 0)
			strvec_push(engines, names.list[i]);
	}
	strvec_release(&names);
	if (rc >= 0 && engines->failed)
		rc = failure_nomem(why);
	return rc < 0 ? -1 : 0;
}
