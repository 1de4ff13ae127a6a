/*
 * To ask is safe at any time and any number of times: the engine answers what it has kept already
 * (snapshot.h of capture). So nothing is remembered here but the answers, in the engines' states, and a
 * vcap-wait that was killed is followed by one that asks those without.
 */
#include "controller/snapshot_engines.h"

#include "base/clock.h"
#include "base/strvec.h"
#include "controller/clock_correct.h"
#include "controller/commands.h"
#include "controller/each.h"
#include "controller/engine_id.h"
#include "controller/engine_state.h"
#include "controller/poll.h"
#include "controller/snapshot_window.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* What an engine may take beyond the end of the window: its own patience with its disk is ten seconds. */
#define ANSWER_NS (30 * NS_PER_SECOND)
#define PAUSE_NS  (2 * NS_PER_SECOND)

/* The participating engines that have not answered that they have kept their part. */
static struct strvec
without_answer(const struct spool_entry *entry)
{
	struct strvec engines = spool_entry_participants(entry), left = STRVEC_INIT;

	for (size_t i = 0; i < engines.count; i++) {
		struct keyval state;

		if (engine_state_load(entry, engines.list[i], &state, NULL) < 0)
			continue;
		if (!engine_state_is_last(&state))
			strvec_push(&left, engines.list[i]);
		keyval_release(&state);
	}
	strvec_release(&engines);
	return left;
}

static int
ask(const struct spool_entry *entry, const struct strvec *engines, struct failure *why)
{
	struct snapshot_window window;
	int64_t left = ANSWER_NS;
	char timeout[32];

	if (snapshot_window_read(&window, entry) && window.to_ns > clock_realtime_ns())
		left += window.to_ns - clock_realtime_ns();
	snprintf(timeout, sizeof(timeout), "%" PRId64 "s", left / NS_PER_SECOND);
	return each_run(entry, engines, (struct each_options){.timeout = timeout},
			commands_each(COMMANDS_SNAPSHOT), why) < 0
		   ? -1
		   : 0;
}

/* Those that said no, for another reason than the id: another time they would, too. */
static int
drop_refusing(struct spool_entry *entry, const struct strvec *engines, struct failure *why)
{
	struct strvec renumbered = STRVEC_INIT;
	int rc = engine_id_renumber(entry, &renumbered, why);

	for (size_t i = 0; i < engines->count && rc == 0; i++) {
		char *reason = engine_state_failure(entry, engines->list[i]);

		if (reason && engine_state_is_refusal(entry, engines->list[i]) &&
		    !strvec_has(&renumbered, engines->list[i]))
			rc = spool_entry_add_missing(entry, engines->list[i], reason, why);
		free(reason);
	}
	return rc;
}

int
snapshot_engines_take(struct spool_entry *entry, struct failure *why)
{
	const int64_t end = clock_monotonic_ns() + POLL_PATIENCE_MOST_NS;
	struct strvec left = without_answer(entry);
	int rc = 0;

	while (left.count > 0 && rc == 0) {
		if (spool_entry_is_given_up(entry))
			rc = failure_set(why, "capture '%s' is given up", entry->id);
		if (rc == 0)
			rc = clock_correct_note_start(entry, &left, why);
		if (rc == 0)
			rc = ask(entry, &left, why);
		if (rc == 0)
			rc = drop_refusing(entry, &left, why);
		strvec_release(&left);
		left = without_answer(entry);
		if (clock_monotonic_ns() >= end)
			break;
		if (left.count > 0 && rc == 0)
			clock_sleep(PAUSE_NS);
	}
	for (size_t i = 0; i < left.count && rc == 0; i++)
		rc = engine_state_give_up(entry, left.list[i], why);
	strvec_release(&left);
	return rc;
}
