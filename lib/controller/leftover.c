/*
 * Only the answer to `remove` tells that nothing is left: it succeeds also if nothing was there.
 * When the engines file is malformed nobody is asked, and all that was known before is stale.
 */
#include "controller/leftover.h"

#include "base/clock.h"
#include "base/exitcode.h"
#include "controller/commands.h"
#include "controller/each.h"
#include "controller/engine.h"
#include "controller/engine_id.h"
#include "controller/engine_state.h"
#include "controller/orphans.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define TRIES      3
#define SESSION_NS (15 * NS_PER_SECOND) /* of an answer in a session */
#define TIMEOUT    "20s" /* of a command that an engine has time to answer again later */

/* Removes the parts of these engines and returns those that were not removed. */
static struct strvec
remove_parts(const struct spool_entry *entry, const struct strvec *engines, const char *timeout,
	     int *status, struct failure *why)
{
	struct strvec left = STRVEC_INIT;

	*status = each_run(entry, engines, (struct each_options){.timeout = timeout},
			   commands_each(COMMANDS_REMOVE), why);
	for (size_t i = 0; i < engines->count && *status != 0; i++) {
		char *reason = engine_state_failure(entry, engines->list[i]);

		if (!each_has_asked(*status) || (reason && !orphans_is_of_another(reason)))
			strvec_push(&left, engines->list[i]);
		free(reason);
	}
	return left;
}

/* Takes what has arrived. Returns whether the engine's part is not removed yet, but may be. */
static bool
is_removing(const struct spool_entry *entry, struct followed *engine, struct strvec *removed)
{
	if (engine->session.asked != FOLLOW_REMOVE)
		return false;
	switch (follow_read(&engine->session)) {
	case FOLLOW_NOTHING: return true;
	case FOLLOW_ANSWERED:
		if (engine_state_record(entry, engine->name, "", NULL, EXIT_DONE, NULL) == 0)
			strvec_push(removed, engine->name);
		break;
	default: follow_close(&engine->session, NULL);
	}
	return false;
}

/* Waits for something to arrive from the sessions that have been asked. */
static void
wait_for_sessions(const struct following *following, struct pollfd *pollers, int64_t until_ns)
{
	const int64_t left = (until_ns - clock_monotonic_ns()) / 1000000 + 1;

	for (size_t i = 0; i < following->count; i++) {
		const struct follow *session = &following->list[i].session;
		const bool is_asked = session->asked == FOLLOW_REMOVE;

		pollers[2 * i] = (struct pollfd){is_asked ? session->fd : -1, POLLIN, 0};
		pollers[2 * i + 1] =
		    (struct pollfd){is_asked ? session->child.handle : -1, POLLIN, 0};
	}
	poll(pollers, 2 * following->count, left < 0 ? 0 : (int)left);
}

/* Asks for removal in the sessions that are open with these engines. Returns those that have removed
 * their part; why others have not is told by the command that is tried next. */
static struct strvec
remove_by_sessions(const struct spool_entry *entry, struct following *following,
		   const struct strvec *engines)
{
	struct pollfd *pollers = calloc(2 * following->count + 1, sizeof(*pollers));
	const int64_t until_ns = clock_monotonic_ns() + SESSION_NS;
	struct strvec removed = STRVEC_INIT;
	bool is_waiting = false;

	for (size_t i = 0; i < following->count && pollers; i++) {
		struct followed *engine = &following->list[i];

		if (engine->session.fd < 0 || engine->session.asked != FOLLOW_NONE ||
		    !strvec_has(engines, engine->name))
			continue;
		follow_ask(&engine->session, FOLLOW_REMOVE);
		is_waiting = true;
	}
	while (is_waiting && clock_monotonic_ns() < until_ns) {
		is_waiting = false;
		wait_for_sessions(following, pollers, until_ns);
		for (size_t i = 0; i < following->count; i++)
			is_waiting |= is_removing(entry, &following->list[i], &removed);
	}
	free(pollers);
	return removed;
}

int
leftover_clean(struct spool_entry *entry, const struct strvec *engines, struct following *following,
	       struct failure *why)
{
	struct strvec left = STRVEC_INIT, removed = STRVEC_INIT, again;
	int status = 0, rc = 0;

	if (following)
		removed = remove_by_sessions(entry, following, engines);
	for (size_t i = 0; i < engines->count; i++)
		if (!strvec_has(&removed, engines->list[i]))
			strvec_push(&left, engines->list[i]);
	strvec_release(&removed);
	for (int i = 0; i < TRIES && left.count > 0 && status >= 0; i++) {
		clock_sleep(2 * i * NS_PER_SECOND);
		again = remove_parts(entry, &left, i ? TIMEOUT : "60s", &status, why);
		strvec_release(&left);
		left = again;
	}
	for (size_t i = 0; i < engines->count && rc == 0; i++) {
		if (strvec_has(&left, engines->list[i]))
			rc = spool_entry_mark_kept(entry, engines->list[i], why);
		else
			spool_entry_clear(entry, "kept", engines->list[i]);
	}
	strvec_release(&left);
	return status < 0 ? -1 : rc;
}

char *
leftover_note(const struct spool_entry *entry)
{
	struct strvec kept = spool_entry_marked(entry, "kept");
	char *names = strvec_join(&kept, "', '"), *text = NULL;

	if (asprintf(&text,
		     "engine%s '%s' keep%s a copy that could not be removed: 'vcap wait %s' "
		     "or 'vcap rm %s' removes it",
		     kept.count > 1 ? "s" : "", names ? names : "", kept.count > 1 ? "" : "s",
		     entry->id, entry->id) < 0)
		text = NULL;
	if (text && kept.count == 0)
		*text = '\0';
	free(names);
	strvec_release(&kept);
	return text;
}

int
leftover_retry(struct spool_entry *entry, struct failure *why)
{
	struct strvec kept = spool_entry_marked(entry, "kept");
	int rc = leftover_clean(entry, &kept, NULL, why);

	if (rc == 0 && kept.count > 0) {
		char *note = leftover_note(entry);

		rc = spool_entry_set_state(entry, spool_entry_state(entry),
					   spool_entry_state(entry) == CAPTURE_DONE ? note : NULL,
					   why);
		free(note);
	}
	strvec_release(&kept);
	return rc;
}

bool
leftover_is_held(const struct spool_entry *entry, const char *engine)
{
	return spool_entry_is_pending(entry, engine) || spool_entry_is_kept(entry, engine) ||
	       (spool_entry_state(entry) != CAPTURE_WAITING &&
		!spool_entry_is_merged(entry, engine) &&
		!spool_entry_missing_reason(entry, engine));
}

/* All engines that may have a part. */
static struct strvec
holders(const struct spool_entry *entry)
{
	struct strvec all = spool_entry_engines(entry), chosen = STRVEC_INIT;

	for (size_t i = 0; i < all.count; i++)
		if (leftover_is_held(entry, all.list[i]))
			strvec_push(&chosen, all.list[i]);
	strvec_release(&all);
	return chosen;
}

/* Whether the engine may capture still: nothing is removed there before that has been stopped. */
static bool
may_capture(const struct spool_entry *entry, const char *engine)
{
	struct keyval state;
	bool has_ended;

	if (!spool_entry_is_capturing(entry) && !spool_entry_is_pending(entry, engine))
		return false;
	if (engine_state_load(entry, engine, &state, NULL) < 0)
		return true;
	has_ended = engine_state_status(&state) >= ENGINE_DONE;
	keyval_release(&state);
	return !has_ended;
}

/* Appends to lines for each of these engines that it keeps its part, where, and the commands that
 * remove it. */
static void
tell(const struct spool_entry *entry, const struct strvec *engines, config_variable *variable,
     struct strvec *lines)
{
	struct engines known = ENGINES_INIT;

	if (engines->count > 0 && engines_load(&known, variable, NULL) < 0)
		known = ENGINES_INIT;
	for (size_t i = 0; i < engines->count; i++) {
		const char *name = engines->list[i];
		const struct engine *engine = engines_find(&known, name, NULL);
		char *directory =
		    engine ? engine_capture_directory(engine, engine_id(entry, name)) : NULL;

		const char *program = engine && engine->is_region ? "vcap-region" : "vcap-host";

		if (directory && may_capture(entry, name))
			strvec_pushf(lines,
				     "engine '%s' keeps its part of '%s' in '%s', and may capture "
				     "still: run 'vcap-on %s %s stop %s', then 'vcap-on %s %s "
				     "remove %s'",
				     name, entry->id, directory, name, program, directory, name,
				     program, directory);
		else if (directory)
			strvec_pushf(lines,
				     "engine '%s' keeps its part of '%s' in '%s': run "
				     "'vcap-on %s %s remove %s'",
				     name, entry->id, directory, name, program, directory);
		else
			strvec_pushf(lines,
				     "engine '%s' keeps its part of '%s': it is not in the "
				     "engines file, which says where",
				     name, entry->id);
		free(directory);
	}
	engines_release(&known);
}

void
leftover_end(const struct spool_entry *entry, config_variable *variable, struct strvec *lines)
{
	struct strvec engines = holders(entry), running = STRVEC_INIT, left;
	struct failure unused;
	int status;

	for (size_t i = 0; i < engines.count; i++)
		if (!spool_entry_is_kept(entry, engines.list[i]))
			strvec_push(&running, engines.list[i]);
	each_run(entry, &running, (struct each_options){.timeout = "45s"},
		 commands_each(COMMANDS_STOP), &unused);
	left = remove_parts(entry, &engines, TIMEOUT, &status, &unused);
	tell(entry, &left, variable, lines);
	strvec_release(&left);
	strvec_release(&running);
	strvec_release(&engines);
}
