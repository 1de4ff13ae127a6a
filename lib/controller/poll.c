/*
 * Engines are followed by a session with each; those of a release that has none are asked again and
 * again by vcap-each, for which the interval grows with the capture's age, so that it takes at most a
 * tenth of the time. The patience with an unreachable engine is counted from when it is the only one
 * left: until then waiting for it costs nothing.
 *
 * An engine's word for how long it captures is not enough: one that says `running` for ever would
 * keep the capture from its end, and the service from its next capture. When the time is over is
 * counted by the monotonic clock, so that setting the clock of this host ends nothing early.
 */
#include "controller/poll.h"

#include "base/clock.h"
#include "base/process.h"
#include "base/strvec.h"
#include "controller/clock_correct.h"
#include "controller/commands.h"
#include "controller/each.h"
#include "controller/engine.h"
#include "controller/engine_state.h"
#include "controller/fetch.h"
#include "controller/following.h"
#include "controller/trigger_watch.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TICK_NS (NS_PER_SECOND / 4)

/* How long starting 32 engines, which vcap-each does at a time, may take. */
#define START_NS  NS_PER_MINUTE
#define AT_A_TIME 32

/* What a region may take besides: to stop its own engines, and to fetch what they have. */
#define REGION_NS      (10 * NS_PER_MINUTE)
#define REGION_NS_MOST (24 * 60 * NS_PER_MINUTE)

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

/* How long the end of the capture waits for an engine. */
static int64_t
patience_of(const struct spool_entry *entry)
{
	const int64_t patience = (int64_t)keyval_number(&entry->facts, "patience", 0);

	return patience < POLL_PATIENCE_MOST_NS ? patience : POLL_PATIENCE_MOST_NS;
}

/* How long after that an engine may say that it captures. */
static int64_t
overtime(const struct spool_entry *entry, const char *name, const struct engines *engines)
{
	const struct engine *engine = engines_find(engines, name, NULL);
	int64_t patience = patience_of(entry);
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

struct polled {
	struct following *following; /* the caller's */
	struct process asking;       /* vcap-each, for the engines that are not followed */
	int64_t ask_ns;              /* when it is to run again */
	int64_t asked_ns;            /* when it began (clock_monotonic_ns); 0: never */
	bool has_clocks;             /* of those engines, at the start */
	struct trigger_watch *watch; /* of a rolling capture; NULL: it watches for nothing */
};

/* Whether the engine is waited for. */
static bool
is_open(const struct followed *engine)
{
	return engine->progress < FOLLOWING_ENDED;
}

/* Whether the engine, by its last answer, captures, or has not been asked yet. */
static bool
is_running(const struct spool_entry *entry, const struct followed *engine)
{
	struct keyval state;
	bool runs;

	if (engine->progress != FOLLOWING_PLAIN)
		return engine->progress < FOLLOWING_UNREACHABLE;
	if (engine->heard_ns == 0)
		return true;
	runs = engine_state_load(entry, engine->name, &state, NULL) == 0 &&
	       keyval_number(&state, "exit", 256) == 0;
	keyval_release(&state);
	return runs;
}

/* Engines that are not followed have ended if the spool says so. */
static void
note_ends(const struct spool_entry *entry, struct polled *polled)
{
	for (size_t i = 0; i < polled->following->count; i++) {
		struct followed *engine = &polled->following->list[i];
		struct keyval state;

		if (engine->progress != FOLLOWING_PLAIN)
			continue;
		if (engine_state_load(entry, engine->name, &state, NULL) == 0 &&
		    engine_state_is_last(&state))
			engine->progress = FOLLOWING_ENDED;
		keyval_release(&state);
		engine->heard_ns = polled->asked_ns;
	}
}

/* How many engines have not ended, and how many of them run. */
static size_t
count_open(const struct spool_entry *entry, const struct following *following, size_t *running)
{
	size_t open = 0;

	*running = 0;
	for (size_t i = 0; i < following->count; i++) {
		if (!is_open(&following->list[i]))
			continue;
		open++;
		*running += is_running(entry, &following->list[i]);
	}
	return open;
}

static int
give_up(struct spool_entry *entry, struct followed *engine, int64_t late, struct failure *why)
{
	char reason[80];

	snprintf(reason, sizeof(reason), "it says that it captures, %" PRId64 " s after its end",
		 late / NS_PER_SECOND);
	following_drop(engine);
	return spool_entry_add_pending(entry, engine->name, reason, why);
}

/* Gives up the engines that still run long after their time. By when they were asked: while another
 * hangs, an answer may be old. */
static int
give_up_late(struct spool_entry *entry, struct following *following, int64_t due,
	     config_variable *variable, struct failure *why)
{
	struct engines engines = ENGINES_INIT;
	bool is_loaded = false;
	int rc = 0;

	for (size_t i = 0; i < following->count && rc == 0; i++) {
		struct followed *engine = &following->list[i];
		const int64_t late = engine->heard_ns - due;

		if (engine->heard_ns < due || late < POLL_OVERTIME_NS || !is_open(engine) ||
		    !is_running(entry, engine))
			continue;
		if (!is_loaded && engines_load(&engines, variable, NULL) < 0)
			break;
		is_loaded = true;
		if (late > overtime(entry, engine->name, &engines))
			rc = give_up(entry, engine, late, why);
	}
	engines_release(&engines);
	return rc;
}

static struct strvec
plain_ones(const struct following *following)
{
	struct strvec names = STRVEC_INIT;

	for (size_t i = 0; i < following->count; i++)
		if (following->list[i].progress == FOLLOWING_PLAIN)
			strvec_push(&names, following->list[i].name);
	return names;
}

/* Runs vcap-each for the engines that are not followed: for their clocks at first, then for their
 * status, or to stop them. */
static int
ask_plainly(const struct spool_entry *entry, struct polled *polled, struct failure *why)
{
	const enum commands_request request =
	    spool_entry_is_stopping(entry) ? COMMANDS_STOP : COMMANDS_STATUS;
	struct strvec names = plain_ones(polled->following);
	char **argv = NULL;
	int rc = 0;

	if (names.count > 0 && !polled->has_clocks)
		rc = clock_correct_note_start(entry, &names, why);
	polled->has_clocks |= names.count > 0;
	if (names.count > 0 && rc == 0) {
		polled->asked_ns = clock_monotonic_ns();
		argv = each_command(entry, &names, (struct each_options){.timeout = "45s"},
				    commands_each(request));
		rc = argv ? process_start(&polled->asking, argv, -1, STDERR_FILENO, STDERR_FILENO,
					  why)
			  : failure_nomem(why);
	}
	strvec_free(argv);
	strvec_release(&names);
	return rc;
}

/* Starts vcap-each when it is due, and takes its results. */
static int
serve_plain_ones(const struct spool_entry *entry, struct polled *polled, int64_t poll_ns,
		 int64_t begun, struct failure *why)
{
	const int64_t now = clock_monotonic_ns();

	if (polled->asking.handle < 0)
		return now < polled->ask_ns ? 0 : ask_plainly(entry, polled, why);
	if (!process_ended(&polled->asking, 0))
		return 0;
	process_wait(&polled->asking, -1);
	note_ends(entry, polled);
	polled->ask_ns =
	    now + pause_before_next(entry, poll_ns, now - begun, now - polled->asked_ns);
	return 0;
}

/* How often engines are asked that are followed: more often in the minute after the deadline, and
 * after a request to stop (since then: -1 without one). */
static int64_t
interval(const struct spool_entry *entry, int64_t poll_ns, int64_t since_stop)
{
	const int64_t left = deadline_ns(entry) - clock_realtime_ns();
	const bool is_ending =
	    (left <= 0 && left > -NS_PER_MINUTE) || (since_stop >= 0 && since_stop < NS_PER_MINUTE);

	if (poll_ns)
		return poll_ns;
	return is_ending ? NS_PER_SECOND / 4 : NS_PER_SECOND;
}

/* Says for how long unreachable engines are still waited for; 0: that nothing else is left to wait
 * for does not hold any more. */
static int
tell_wait(struct spool_entry *entry, int64_t left, struct failure *why)
{
	const int64_t until = left ? clock_realtime_ns() + left : 0;

	return keyval_set(&entry->facts, "waits-until", CLOCK_FORMAT, CLOCK_ARGS(until)) < 0
		   ? failure_nomem(why)
		   : spool_entry_store(entry, why);
}

static int
poll_engines(struct spool_entry *entry, struct polled *polled, int64_t poll_ns,
	     config_variable *variable, struct failure *why)
{
	const int64_t patience = patience_of(entry);
	const int64_t begun = clock_monotonic_ns();
	int64_t alone_since = begun, due = due_at(entry, begun), stopped = 0;
	bool waits, has_told = false;

	for (;;) {
		const int64_t now = clock_monotonic_ns();
		const bool stops = spool_entry_is_stopping(entry);
		size_t running;

		if (spool_entry_is_given_up(entry))
			return failure_set(why, "capture '%s' is given up", entry->id);
		if (stops && !stopped) {
			stopped = now;
			polled->ask_ns = 0;
			due = now < due ? now : due;
		}
		/* Nobody can be asked. */
		if (polled->following->is_blind && due < now)
			due = now;
		if (count_open(entry, polled->following, &running) == 0)
			return 0;
		/* Patience is counted only while there is nothing else to wait for. */
		waits = running == 0 && !polled->following->is_blind &&
			clock_realtime_ns() >= deadline_ns(entry);
		if (!waits)
			alone_since = now;
		if (now - alone_since > patience)
			return 0;
		if (waits != has_told && tell_wait(entry, waits ? patience : 0, why) < 0)
			return -1;
		has_told = waits;
		if (give_up_late(entry, polled->following, due, variable, why) < 0 ||
		    serve_plain_ones(entry, polled, poll_ns, begun, why) < 0 ||
		    following_serve(polled->following, stops ? FOLLOWING_STOP : FOLLOWING_STATUS,
				    interval(entry, poll_ns, stops ? now - stopped : -1),
				    now + TICK_NS, why) < 0)
			return -1;
		if (!stops)
			trigger_watch_turn(polled->watch, polled->following);
	}
}

int
poll_until_ended(struct spool_entry *entry, struct following *following, int64_t poll_ns,
		 config_variable *variable, struct failure *why)
{
	struct polled polled = {.following = following, .asking = PROCESS_INIT};
	int rc;

	if (following_begin(following, entry, variable, why) < 0)
		return -1;
	rc = trigger_watch_begin(&polled.watch, entry, variable, why);
	if (rc == 0)
		rc = poll_engines(entry, &polled, poll_ns, variable, why);
	trigger_watch_end(polled.watch);
	if (polled.asking.handle >= 0)
		process_wait(&polled.asking, 0);
	for (size_t i = 0; i < following->count && rc == 0; i++)
		if (is_open(&following->list[i]))
			rc = engine_state_give_up(entry, following->list[i].name, why);
	return rc;
}
