#include "controller/verdict.h"

#include "base/exitcode.h"
#include "controller/emptiness.h"
#include "controller/engine_state.h"
#include "controller/lostlines.h"
#include "controller/spool_keys.h"

#include <stdio.h>
#include <string.h>

/* Appends the fact, if there is one. Returns whether there is. */
static bool
push_fact(struct strvec *lines, const struct spool_entry *entry, const char *key)
{
	const char *text = keyval_get(&entry->facts, key);
	const bool is_there = text && *text;

	if (is_there)
		strvec_push(lines, text);
	return is_there;
}

/* Appends what problems were joined with (collect.c), a line for each. */
static void
push_problems(struct strvec *lines, const char *text)
{
	const char *end;

	for (; (end = strstr(text, "; ")); text = end + 2)
		strvec_pushf(lines, "%.*s", (int)(end - text), text);
	if (*text)
		strvec_push(lines, text);
}

/* Appends what the engines' hosts lost, beside what the capture itself dropped. */
static void
push_losses(struct strvec *lines, const struct spool_entry *entry, enum lostlines which)
{
	struct strvec names = spool_entry_participants(entry);

	for (size_t i = 0; i < names.count; i++) {
		struct keyval state;
		char prefix[96];

		if (engine_state_load(entry, names.list[i], &state, NULL) < 0)
			continue;
		snprintf(prefix, sizeof(prefix), "engine '%s': ", names.list[i]);
		lostlines_add(&state, which, prefix, lines);
		keyval_release(&state);
	}
	strvec_release(&names);
}

int
verdict_tell(const struct spool_entry *entry, struct verdict_options options, struct strvec *lines)
{
	const char *fact = keyval_get(&entry->facts, "message"), *message = fact ? fact : "";
	bool is_blind;

	if (!options.is_quiet)
		push_fact(lines, entry, "remark");
	if (!options.is_quiet)
		spool_keys_remark(entry, lines);
	if (options.is_verbose)
		emptiness_idle(entry, lines);
	if (!options.is_quiet)
		push_losses(lines, entry,
			    options.is_verbose ? LOSTLINES_ALL : LOSTLINES_OF_SERVICES);
	is_blind = push_fact(lines, entry, "unseen");
	if (!spool_entry_is_over(entry)) {
		strvec_pushf(lines,
			     "capture '%s' is incomplete: %s (make room, then run 'vcap wait %s')",
			     entry->id, message, entry->id);
		return EXIT_FAILED;
	}
	switch (spool_entry_state(entry)) {
	case CAPTURE_DONE:
		push_problems(lines, message);
		return is_blind && options.is_strict ? EXIT_PARTIAL : EXIT_DONE;
	case CAPTURE_PARTIAL:
		strvec_pushf(lines, "capture '%s' is partial", entry->id);
		push_problems(lines, message);
		return EXIT_PARTIAL;
	default:
		strvec_pushf(lines, "capture '%s' failed", entry->id);
		push_problems(lines, message);
		strvec_pushf(lines, "to try again: 'vcap wait %s'", entry->id);
		return EXIT_FAILED;
	}
}
