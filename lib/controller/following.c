/*
 * One loop serves all sessions. What has arrived is read from all of them first, since its time of
 * arrival measures clocks, and stored in the spool afterwards, which takes longer.
 *
 * A session begins and ends with exchanges that ask for the time alone: the offset of the engine's
 * clock then, by the shortest of them (clock_offset.h). In between each answer is a status.
 *
 * A session stays open when its capture has ended, for the request to remove it (leftover.h).
 *
 * A session whose first answer does not come may be one whose output something on the way holds back
 * until it ends. So its engine is asked by a command each time instead.
 *
 * An engine is unreachable when its session ends, or an answer has been late for long: the session
 * is left alone until it can be taken for dead, and one that answers again is believed again.
 */
#include "controller/following.h"

#include "base/clock.h"
#include "base/exitcode.h"
#include "base/fileio.h"
#include "base/keyval.h"
#include "base/strvec.h"
#include "controller/engine.h"
#include "controller/engine_id.h"
#include "controller/engine_state.h"
#include "controller/sshmux.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPENING_MOST  32                   /* sessions that are being made at a time */
#define FIRST_NS      (12 * NS_PER_SECOND) /* how long the first answer may take, with a login */
#define ANSWER_NS     (10 * NS_PER_SECOND) /* and the others */
#define DEAD_NS       (15 * NS_PER_SECOND) /* and then, until the session is ended */
#define STOP_AGAIN_NS (5 * NS_PER_SECOND)
#define PAUSE_MOST    (10 * NS_PER_SECOND) /* between two attempts to make a session */

static void
set_progress(struct following *following, struct followed *engine, enum following_progress progress)
{
	following->has_changed |= engine->progress != progress;
	engine->progress = progress;
}

/* What the spool has of the engine from an earlier process. */
static void
recall(const struct spool_entry *entry, struct followed *engine)
{
	struct clock_offset offset;
	struct keyval state;

	if (engine_state_load(entry, engine->name, &state, NULL) < 0)
		return;
	if (clock_offset_read(&offset, &state, "clock-start"))
		clock_offset_print(&offset, engine->start);
	if (clock_offset_read(&offset, &state, "clock-end"))
		clock_offset_print(&offset, engine->end);
	if (!spool_entry_token(entry, engine->name))
		engine->progress = FOLLOWING_PLAIN;
	if (engine_state_has_file(entry, engine->name) || engine_state_is_last(&state))
		engine->progress = FOLLOWING_ENDED;
	keyval_release(&state);
}

int
following_begin(struct following *following, const struct spool_entry *entry,
		config_variable *variable, struct failure *why)
{
	struct strvec names = spool_entry_participants(entry);

	*following = (struct following){
	    .entry = entry, .variable = variable, .stamp = engines_stamp(variable)};
	fileio_raise_limit(); /* each session takes three descriptors */
	following->list = calloc(names.count + 1, sizeof(*following->list));
	if (names.failed || !following->list) {
		strvec_release(&names);
		free(following->list);
		return failure_nomem(why);
	}
	for (size_t i = 0; i < names.count; i++) {
		struct followed *engine = &following->list[following->count++];

		engine->name = names.list[i];
		names.list[i] = NULL;
		engine->session = FOLLOW_INIT;
		recall(entry, engine);
	}
	names.count = 0;
	strvec_release(&names);
	return 0;
}

void
following_drop(struct followed *engine)
{
	follow_close(&engine->session, NULL);
	engine->progress = FOLLOWING_DROPPED;
}

static void
release(struct followed *engine)
{
	follow_close(&engine->session, NULL);
	free(engine->recorded);
	free(engine->last);
	free(engine->name);
}

void
following_release(struct following *following)
{
	for (size_t i = 0; i < following->count; i++)
		release(&following->list[i]);
	free(following->list);
	following->list = NULL;
	following->count = 0;
}

static bool
has_session(const struct followed *engine)
{
	return engine->session.fd >= 0;
}

/* Stores a status, unless the spool has it, with what is known of the clock. */
static int
record(const struct following *following, struct followed *engine, const char *status)
{
	char *text;
	int rc;

	if (engine->recorded && strcmp(engine->recorded, status) == 0)
		return 0;
	free(engine->recorded);
	engine->recorded = NULL;
	if (asprintf(&text, "%s\n%s%s%s%s%s%s", status, *engine->start ? "clock-start " : "",
		     engine->start, *engine->start ? "\n" : "", *engine->end ? "clock-end " : "",
		     engine->end, *engine->end ? "\n" : "") < 0)
		return -1;
	rc = engine_state_record(following->entry, engine->name, text, NULL, EXIT_DONE, NULL);
	free(text);
	if (rc == 0)
		engine->recorded = strdup(status);
	return rc;
}

/* Stores that the engine could not be asked. */
static void
record_failure(struct following *following, struct followed *engine, int status, const char *reason)
{
	free(engine->recorded);
	engine->recorded = NULL;
	engine_state_record(following->entry, engine->name, "", reason, status, NULL);
	set_progress(following, engine, FOLLOWING_UNREACHABLE);
}

/* The last status is complete. */
static void
end_following(struct following *following, struct followed *engine)
{
	if (record(following, engine, engine->last) < 0)
		return;
	set_progress(following, engine, FOLLOWING_ENDED);
}

static void
ask_clock(struct followed *engine)
{
	engine->exchanges = 0;
	engine->session.offset = CLOCK_OFFSET_INIT;
	follow_ask(&engine->session, FOLLOW_CLOCK);
}

static void
take_time(struct following *following, struct followed *engine)
{
	char *text = engine->last ? engine->end : engine->start;

	if (++engine->exchanges < CLOCK_OFFSET_EXCHANGES) {
		follow_ask(&engine->session, FOLLOW_CLOCK);
		return;
	}
	if (engine->session.offset.error_ns != INT64_MAX)
		clock_offset_print(&engine->session.offset, text);
	if (engine->last)
		end_following(following, engine);
	else
		follow_ask(&engine->session, FOLLOW_STATUS);
}

static void
take_status(struct following *following, struct followed *engine)
{
	struct failure why = FAILURE_INIT;
	struct keyval state = KEYVAL_INIT;
	enum engine_status status;

	engine->heard_ns = engine->session.asked_ns;
	engine->failures = 0;
	engine->is_silent = false;
	if (keyval_parse(&state, engine->session.text, &why) < 0) {
		record_failure(following, engine, EXIT_FAILED, why.text);
		keyval_release(&state);
		return;
	}
	status = engine_state_status(&state);
	keyval_release(&state);
	if (status < ENGINE_DONE) {
		record(following, engine, engine->session.text);
		set_progress(following, engine, FOLLOWING_RUNNING);
		return;
	}
	free(engine->last);
	engine->last = strdup(engine->session.text);
	if (engine->last && !*engine->end)
		ask_clock(engine);
	else if (engine->last)
		end_following(following, engine);
}

static void
take_refusal(struct following *following, struct followed *engine)
{
	char *reason = NULL;

	if (asprintf(&reason, "vcap-host: %s", engine->session.text) < 0)
		reason = NULL;
	record_failure(following, engine, EXIT_FAILED, reason ? reason : "");
	free(reason);
}

/* When to make a session again after as many failures. */
static int64_t
pause_after(unsigned failures)
{
	int64_t pause = NS_PER_SECOND / 2;

	while (failures-- > 1 && pause < PAUSE_MOST)
		pause *= 2;
	return pause < PAUSE_MOST ? pause : PAUSE_MOST;
}

static void
close_session(struct following *following, struct followed *engine)
{
	struct follow_end end;

	if (engine->progress == FOLLOWING_ENDED) {
		follow_close(&engine->session, NULL);
		return;
	}
	follow_close(&engine->session, &end);
	engine->open_ns = clock_monotonic_ns() + pause_after(++engine->failures);
	if (end.said)
		engine_state_append_log(following->entry, engine->name, end.said, NULL);
	/* Its clock is asked for the time in another way, if at all. */
	if (engine->last)
		end_following(following, engine);
	else if (end.is_unknown)
		set_progress(following, engine, FOLLOWING_PLAIN);
	else
		record_failure(following, engine, end.status, end.reason);
	free(end.said);
	free(end.reason);
}

static void
take(struct following *following, struct followed *engine, enum follow_event event)
{
	switch (event) {
	case FOLLOW_NOTHING: break;
	case FOLLOW_TIMED: take_time(following, engine); break;
	case FOLLOW_ANSWERED: take_status(following, engine); break;
	case FOLLOW_REFUSED: take_refusal(following, engine); break;
	case FOLLOW_ENDED: close_session(following, engine); break;
	}
}

/* Makes a session, and asks the first question. Where this host has no room for one, a command each
 * time does as well. */
static void
open_session(struct following *following, struct followed *engine, const struct engines *engines)
{
	const char *token = spool_entry_token(following->entry, engine->name);
	struct failure why = FAILURE_INIT;
	const struct engine *target = engines_find(engines, engine->name, &why);
	char *directory =
	    target ? engine_capture_directory(target, engine_id(following->entry, engine->name))
		   : NULL;

	if (directory && follow_open(&engine->session, target, directory, token, &why) == 0) {
		if (*engine->start)
			follow_ask(&engine->session, FOLLOW_STATUS);
		else
			ask_clock(engine);
	} else if (target) {
		set_progress(following, engine, FOLLOWING_PLAIN);
	} else {
		engine->open_ns = clock_monotonic_ns() + pause_after(++engine->failures);
		record_failure(following, engine, EXIT_MISUSE, why.text);
	}
	free(directory);
}

static bool
is_followed(const struct followed *engine)
{
	return engine->progress < FOLLOWING_PLAIN;
}

/* When there is something to do for the engine. */
static int64_t
due_at(const struct followed *engine, enum following_wish wish, int64_t interval_ns)
{
	const struct follow *session = &engine->session;

	if (!is_followed(engine))
		return INT64_MAX;
	if (!has_session(engine))
		return engine->open_ns;
	if (session->asked != FOLLOW_NONE)
		return session->asked_ns + (session->has_answered ? ANSWER_NS : FIRST_NS) +
		       (engine->is_silent ? DEAD_NS : 0);
	if (wish == FOLLOWING_STOP && engine->stop_ns == 0)
		return 0;
	return session->asked_ns + interval_ns;
}

/* An answer is late. */
static void
wait_longer(struct following *following, struct followed *engine)
{
	if (!engine->session.has_answered) {
		follow_close(&engine->session, NULL);
		set_progress(following, engine, FOLLOWING_PLAIN);
		return;
	}
	if (engine->is_silent) {
		sshmux_drop(engine->name);
		close_session(following, engine);
		return;
	}
	engine->is_silent = true;
	if (engine->last) {
		follow_close(&engine->session, NULL);
		end_following(following, engine);
	} else
		record_failure(following, engine, EXIT_TIMEOUT, "no answer in time");
}

static void
ask_again(struct following *following, struct followed *engine, enum following_wish wish,
	  int64_t now)
{
	const bool stops = wish == FOLLOWING_STOP && now >= engine->stop_ns;

	if (engine->last) {
		/* It could not be stored. */
		end_following(following, engine);
		engine->session.asked_ns = now;
		return;
	}
	if (stops)
		engine->stop_ns = now + STOP_AGAIN_NS;
	follow_ask(&engine->session, stops ? FOLLOW_STOP : FOLLOW_STATUS);
}

/* Makes the sessions that are due; returns how many are still being made. */
static void
open_due(struct following *following, int64_t now)
{
	struct engines engines = ENGINES_INIT;
	bool is_loaded = false;
	size_t opening = 0;

	for (size_t i = 0; i < following->count; i++)
		opening +=
		    has_session(&following->list[i]) && !following->list[i].session.has_answered;
	for (size_t i = 0; i < following->count && opening < OPENING_MOST; i++) {
		struct followed *engine = &following->list[i];

		if (!is_followed(engine) || has_session(engine) || now < engine->open_ns)
			continue;
		if (!is_loaded &&
		    (following->is_blind = engines_load(&engines, following->variable, NULL) < 0))
			return;
		is_loaded = true;
		open_session(following, engine, &engines);
		opening++;
	}
	engines_release(&engines);
}

/* Does what is due, and returns when the next is. */
static int64_t
do_due(struct following *following, enum following_wish wish, int64_t interval_ns)
{
	const int64_t now = clock_monotonic_ns();
	int64_t next = INT64_MAX;

	open_due(following, now);
	for (size_t i = 0; i < following->count; i++) {
		struct followed *engine = &following->list[i];
		const struct follow *session = &engine->session;
		int64_t due = due_at(engine, wish, interval_ns);

		if (has_session(engine) && is_followed(engine) && due <= now) {
			if (session->asked != FOLLOW_NONE)
				wait_longer(following, engine);
			else
				ask_again(following, engine, wish, now);
			due = due_at(engine, wish, interval_ns);
		}
		/* One that waits for its turn is due when another has answered. */
		if (due > now && due < next)
			next = due;
	}
	return next;
}

/* Waits until something arrives, at most until the time, and takes it. */
static void
take_arrived(struct following *following, struct pollfd *pollers, enum follow_event *events,
	     int64_t until_ns)
{
	const int64_t left = (until_ns - clock_monotonic_ns()) / 1000000 + 1;
	nfds_t used = 0;

	for (size_t i = 0; i < following->count; i++) {
		const struct follow *session = &following->list[i].session;

		events[i] = FOLLOW_NOTHING;
		pollers[used++] = (struct pollfd){session->fd, POLLIN, 0};
		pollers[used++] = (struct pollfd){session->child.handle, POLLIN, 0};
	}
	if (poll(pollers, used, left < 0 ? 0 : (int)left) <= 0)
		return;
	for (size_t i = 0; i < following->count; i++)
		if (has_session(&following->list[i]) &&
		    (pollers[2 * i].revents || pollers[2 * i + 1].revents))
			events[i] = follow_read(&following->list[i].session);
	for (size_t i = 0; i < following->count; i++)
		take(following, &following->list[i], events[i]);
}

/* Ends the sessions that are by an engines file that has changed. */
static void
follow_file(struct following *following)
{
	const uint64_t stamp = engines_stamp(following->variable);

	if (stamp == following->stamp)
		return;
	following->stamp = stamp;
	for (size_t i = 0; i < following->count; i++) {
		follow_close(&following->list[i].session, NULL);
		following->list[i].open_ns = 0;
	}
}

int
following_serve(struct following *following, enum following_wish wish, int64_t interval_ns,
		int64_t until_ns, struct failure *why)
{
	struct pollfd *pollers = calloc(2 * following->count + 1, sizeof(*pollers));
	enum follow_event *events = calloc(following->count + 1, sizeof(*events));

	following->has_changed = false;
	following->is_blind = false;
	follow_file(following);
	while (pollers && events && !following->has_changed && clock_monotonic_ns() < until_ns) {
		const int64_t next = do_due(following, wish, interval_ns);

		take_arrived(following, pollers, events, next < until_ns ? next : until_ns);
	}
	free(pollers);
	free(events);
	return pollers && events ? 0 : failure_nomem(why);
}
