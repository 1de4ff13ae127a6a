/*
 * Polling must be cheap for a capture of days on hundreds of engines, and quick for one of ten
 * seconds. The interval therefore grows with the capture's age, from one second to ten, and polling
 * takes at most a tenth of the time. At the capture's time limit, when all engines end within
 * seconds, they are polled continuously. The patience with an unreachable engine is counted from
 * when it is the only one left: until then waiting for it costs nothing.
 *
 * An engine's word for how long it captures is not enough: one that says `running` for ever would
 * keep the capture from its end, and the service from its next capture. When the time is over is
 * counted by the monotonic clock, so that setting the clock of this host ends nothing early.
 */
#include "controller/poll.h"

#include "base/clock.h"
#include "base/exitcode.h"
#include "base/strvec.h"
#include "controller/commands.h"
#include "controller/each.h"
#include "controller/engine.h"
#include "controller/engine_state.h"
#include "controller/fetch.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TICK_NS (NS_PER_SECOND / 4)

/* How long starting 32 engines, which vcap-each does at a time, may take. */
#define START_NS  NS_PER_MINUTE
#define AT_A_TIME 32

/* What a region may take besides: to stop its own engines, and to fetch what they have. */
#define REGION_NS      (10 * NS_PER_MINUTE)
#define REGION_NS_MOST (24 * 60 * NS_PER_MINUTE)

/* The progress of an engine, from its state in the spool. */
enum progress { RUNNING, ENDED, UNREACHABLE };

static enum progress
progress_of(const struct spool_entry *entry, const char *engine)
{
	struct keyval state;
	enum progress progress = UNREACHABLE;

	if (engine_state_load(entry, engine, &state, NULL) < 0)
		return UNREACHABLE;
	if (keyval_number(&state, "exit", 256) == 0)
		progress = engine_state_status(&state) >= ENGINE_DONE ? ENDED : RUNNING;
	keyval_release(&state);
	return progress;
}

/* The engines that have not ended, and in running (released here first) those of them that are known
 * to run. One whose file has been fetched has ended. */
static struct strvec
unfinished(const struct spool_entry *entry, struct strvec *running)
{
	struct strvec engines = spool_entry_participants(entry), open = STRVEC_INIT;

	strvec_release(running);
	for (size_t i = 0; i < engines.count; i++) {
		enum progress progress = engine_state_has_file(entry, engines.list[i])
					     ? ENDED
					     : progress_of(entry, engines.list[i]);

		if (progress == RUNNING)
			strvec_push(running, engines.list[i]);
		if (progress != ENDED)
			strvec_push(&open, engines.list[i]);
	}
	strvec_release(&engines);
	return open;
}

/* The wall-clock time at which the capture's duration ends: INT64_MAX without any limit, 0 if only
 * its count limits it or a stop was requested. */
static int64_t
deadline_ns(const struct spool_entry *entry)
{
	const bool is_counted = keyval_number(&entry->facts, "count", 0) > 0;
	const int64_t duration = (int64_t)keyval_number(&entry->facts, "duration", 0);
	const int64_t began = spool_entry_began_ns(entry);

	if (spool_entry_is_stopping(entry) || began == 0)
		return 0;
	if (duration == 0)
		return is_counted ? 0 : INT64_MAX;
	return began + duration;
}

/* The pause before the next poll: left is the time to the capture's deadline, took what this poll
 * has taken. Polls of many engines take long: they shall fill a tenth of the time, unless engines
 * hang. Engines were started one after the other, so they also end over some time: in the minute
 * after the deadline they are polled continuously. */
static int64_t
usual_pause(int64_t left, int64_t age, int64_t took)
{
	int64_t pause = age / 4;

	if (left <= 0 && left > -NS_PER_MINUTE)
		return took > NS_PER_SECOND ? took : NS_PER_SECOND;
	if (pause < NS_PER_SECOND)
		pause = NS_PER_SECOND;
	if (pause > 10 * NS_PER_SECOND)
		pause = 10 * NS_PER_SECOND;
	if (took * 10 > pause)
		pause = took < 3 * NS_PER_SECOND ? took * 10 : 30 * NS_PER_SECOND;
	return pause;
}

/* poll_ns, if not 0, replaces the usual pause. */
static int64_t
pause_before_next(const struct spool_entry *entry, int64_t poll_ns, int64_t age, int64_t took)
{
	const int64_t left = deadline_ns(entry) - clock_realtime_ns();
	const int64_t pause = poll_ns ? poll_ns : usual_pause(left, age, took);

	/* Slightly after the deadline, so that they have ended. */
	return left > 0 && left < pause ? left + NS_PER_SECOND / 2 : pause;
}

/* When the engines have to have ended (monotonic), as far as their time limit says: INT64_MAX
 * without one. The last one was started some time after the capture began. */
static int64_t
due_at(const struct spool_entry *entry, int64_t now)
{
	const int64_t duration = (int64_t)keyval_number(&entry->facts, "duration", 0);
	struct strvec engines = spool_entry_engines(entry);
	const int64_t starting = START_NS * (1 + (int64_t)engines.count / AT_A_TIME);
	int64_t age = clock_realtime_ns() - spool_entry_began_ns(entry);

	strvec_release(&engines);
	if (duration == 0)
		return INT64_MAX;
	age = age > starting ? age - starting : 0;
	return now + (age < duration ? duration - age : 0);
}

/* How long after that an engine may say that it captures. */
static int64_t
overtime(const struct spool_entry *entry, const char *name, const struct engines *engines)
{
	const struct engine *engine = engines_find(engines, name, NULL);
	int64_t patience = (int64_t)keyval_number(&entry->facts, "patience", 0);
	struct keyval state;
	uint64_t seconds;

	if (patience < POLL_OVERTIME_NS)
		patience = POLL_OVERTIME_NS;
	if (!engine || !engine->is_region || engine_state_load(entry, name, &state, NULL) < 0)
		return patience;
	seconds = keyval_number(&state, "bytes", 0) / FETCH_RATE_LEAST;
	keyval_release(&state);
	if (seconds > REGION_NS_MOST / NS_PER_SECOND)
		seconds = REGION_NS_MOST / NS_PER_SECOND;
	return patience + REGION_NS + (int64_t)seconds * NS_PER_SECOND;
}

/* Gives up the engines that still run. */
static int
give_up_late(struct spool_entry *entry, const struct strvec *running, int64_t late,
	     config_variable *variable, struct failure *why)
{
	struct engines engines;
	int rc = 0;

	if (late < POLL_OVERTIME_NS || running->count == 0 ||
	    engines_load(&engines, variable, NULL) < 0)
		return 0;
	for (size_t i = 0; i < running->count && rc == 0; i++) {
		char reason[80];

		if (late <= overtime(entry, running->list[i], &engines))
			continue;
		snprintf(reason, sizeof(reason),
			 "it says that it captures, %" PRId64 " s after its end",
			 late / NS_PER_SECOND);
		rc = spool_entry_add_pending(entry, running->list[i], reason, why);
	}
	engines_release(&engines);
	return rc;
}

/* Asks the engines for their status, or to stop if that was requested, also repeatedly. Returns the
 * status of vcap-each, or -1. */
static int
ask(const struct spool_entry *entry, const struct strvec *engines, struct failure *why)
{
	const enum commands_request request =
	    spool_entry_is_stopping(entry) ? COMMANDS_STOP : COMMANDS_STATUS;

	return each_run(entry, engines, (struct each_options){.timeout = "45s"},
			commands_each(request), why);
}

int
poll_until_ended(struct spool_entry *entry, int64_t poll_ns, config_variable *variable,
		 struct failure *why)
{
	const int64_t begun = clock_monotonic_ns();
	const int64_t patience = (int64_t)keyval_number(&entry->facts, "patience", 0);
	struct strvec open = STRVEC_INIT, running = STRVEC_INIT;
	int64_t ask_at = 0, asked = 0, alone_since = 0, due = due_at(entry, begun);
	int rc = 0;

	while (rc >= 0) {
		int64_t now = clock_monotonic_ns();

		if (spool_entry_is_given_up(entry)) {
			rc = failure_set(why, "capture '%s' is given up", entry->id);
			break;
		}
		if (now < due && spool_entry_is_stopping(entry))
			due = now;
		strvec_release(&open);
		open = unfinished(entry, &running);
		if (ask_at && open.count == 0)
			break;
		/* Patience is counted only while there is nothing else to wait for. */
		if (running.count > 0 || !ask_at || clock_realtime_ns() < deadline_ns(entry))
			alone_since = now;
		if (now - alone_since > patience)
			break;
		if (now < ask_at) {
			/* By when it was asked: while another hangs, an answer may be old. */
			rc = give_up_late(entry, &running, asked - due, variable, why);
			clock_sleep(TICK_NS);
			continue;
		}
		asked = now;
		rc = ask(entry, &open, why);
		ask_at = clock_monotonic_ns();
		ask_at += pause_before_next(entry, poll_ns, ask_at - begun, ask_at - now);
		/* With a malformed engines file nobody was asked. */
		if (rc == EXIT_MISUSE && due < ask_at)
			due = ask_at;
	}
	for (size_t i = 0; i < open.count && rc >= 0; i++)
		rc = engine_state_give_up(entry, open.list[i], why);
	strvec_release(&open);
	strvec_release(&running);
	return rc < 0 ? -1 : 0;
}
