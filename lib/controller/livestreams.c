/*
 * One loop watches all streams, the clocks, and the process that reads the packets, which do not pass through
 * this one.
 *
 * A stream that breaks is started anew after a pause that doubles each time and is drawn at random, so that
 * engines that were lost together do not come together. The merge gets its pipe when the clock has been
 * measured again, since the engine may have been started anew as well: the offset is then applied at once, and
 * to a stream that goes on by and by. An offset within the error of the measurement is left as it is: it would
 * only move times to and fro.
 *
 * One that has not come about is treated alike, but waits for something to come of another: if nothing does,
 * no engine captures, and that is told at once. Nor is an engine waited for when the others have reached their
 * limits: it has one more attempt.
 */
#include "controller/livestreams.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "base/mergecontrol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define CLOCK_NS       (5 * NS_PER_SECOND)  /* how long a new stream waits for its clock */
#define CLOCK_AGAIN_NS (30 * NS_PER_SECOND) /* until a session that has ended is begun anew */
#define PAUSE_NS       (NS_PER_SECOND / 2)  /* before a stream is connected again, at first */
#define PAUSE_MOST_NS  (30 * NS_PER_SECOND)
#define TOLD_NS        (100 * INT64_C(1000000)) /* a change of an offset that is reported */
#define SEND_AGAIN_NS  (50 * INT64_C(1000000))  /* what the merge had no room for is sent again */

/* The descriptors that are watched: of each engine, and of all together. */
enum { CLOCK = LIVESTREAM_WATCHED, WATCHED };
enum { READER, CONTROL, WAKE, SHARED };

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Half as much as usual to half as much again. */
static int64_t
spread(int64_t usual_ns)
{
	uint32_t number = 0;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = (uint32_t)clock_monotonic_ns();
	return usual_ns / 2 + (int64_t)(((unsigned __int128)usual_ns * number) >> 32);
}

static void
open_clock(struct live_engine *engine)
{
	struct failure why;

	engine->clock_ns = INT64_MAX;
	if (clock_session_open(&engine->clock, engine->stream.engine, &why) < 0)
		engine->clock_ns = clock_monotonic_ns() + CLOCK_AGAIN_NS;
}

static void
start(struct livestreams *streams, struct live_engine *engine, const char *name)
{
	struct failure why;

	engine->is_over = false;
	engine->again_ns = engine->hand_over_ns = INT64_MAX;
	engine->is_measured = false;
	if (streams->start(streams->context, &engine->stream, name, &why) < 0)
		streams->report(&engine->stream, why.text);
	else
		open_clock(engine);
}

int
livestreams_open(struct livestreams *streams, char *const *engines, struct failure *why)
{
	size_t count = 0;

	fileio_raise_limit(); /* each engine takes six descriptors */
	while (engines[count])
		count++;
	streams->list = calloc(count + 1, sizeof(*streams->list));
	streams->pollers = calloc(WATCHED * count + SHARED, sizeof(*streams->pollers));
	if (!streams->list || !streams->pollers)
		return failure_nomem(why);
	streams->renewed_ns = clock_monotonic_ns();
	for (; streams->count < count; streams->count++) {
		struct live_engine *engine = &streams->list[streams->count];

		engine->clock = CLOCK_SESSION_INIT;
		start(streams, engine, engines[streams->count]);
	}
	return 0;
}

/* Tells the merge something of an engine. Whether it has been told. */
static bool
tell(const struct livestreams *streams, const struct live_engine *engine,
     struct mergecontrol message)
{
	snprintf(message.name, sizeof(message.name), "%s", engine->stream.engine);
	return streams->control < 0 || mergecontrol_send(streams->control, &message) == 0 ||
	       errno != EAGAIN;
}

/* Whether the correction in use is within the error of what was measured. */
static bool
is_right(const struct live_engine *engine, const struct clock_offset *offset)
{
	return llabs(offset->offset_ns + engine->correction_ns) <= offset->error_ns;
}

static void
take_offset(struct livestreams *streams, struct live_engine *engine,
	    const struct clock_offset *offset)
{
	struct mergecontrol message = {
	    .kind = MERGECONTROL_OFFSET, .offset_ns = -offset->offset_ns, .fd = -1};
	const bool is_first = !engine->is_measured && !engine->stream.has_begun;
	const int64_t change_ns = llabs(offset->offset_ns + engine->correction_ns);

	engine->is_measured = true;
	if (!is_right(engine, offset) && tell(streams, engine, message)) {
		engine->correction_ns = message.offset_ns;
		if (is_first || change_ns >= TOLD_NS)
			streams->report_clock(engine->stream.engine, offset);
	}
}

static void
serve_clock(struct livestreams *streams, struct live_engine *engine, int64_t now_ns,
	    const struct pollfd *poller)
{
	struct clock_offset offset;

	if (now_ns >= engine->clock_ns)
		open_clock(engine);
	if (engine->clock.fd < 0 ||
	    (!poller->revents && now_ns < clock_session_due(&engine->clock)))
		return;
	switch (clock_session_serve(&engine->clock, &offset)) {
	case CLOCK_SESSION_MEASURED: take_offset(streams, engine, &offset); break;
	case CLOCK_SESSION_ENDED:
		clock_session_close(&engine->clock);
		engine->clock_ns = now_ns + CLOCK_AGAIN_NS;
		break;
	default: break;
	}
}

/* Something has come of the engine's stream; which may have broken since, and is then still lost. */
static void
see_begun(struct livestreams *streams, struct live_engine *engine)
{
	streams->has_begun = engine->stream.has_begun = true;
	engine->tries = 0;
	if (engine->is_over)
		return;
	engine->stream.is_lost = false;
	engine->stream.said[0] = '\0';
}

/* The merge takes no more of the engine: what it sends is no capture. */
static void
see_refused(struct livestreams *streams, struct live_engine *engine)
{
	engine->has_told_end = true;
	engine->stream.is_lost = false;
	engine->again_ns = INT64_MAX;
	livestream_let_go(&engine->stream, streams->report);
}

/* What the merge has to say. */
static void
receive(struct livestreams *streams)
{
	struct mergecontrol message;

	while (streams->control >= 0 && mergecontrol_receive(streams->control, &message) > 0) {
		fileio_close(&message.fd);
		for (size_t i = 0; i < streams->count; i++) {
			struct live_engine *engine = &streams->list[i];

			if (strcmp(engine->stream.engine, message.name) != 0)
				continue;
			if (message.kind == MERGECONTROL_BEGUN)
				see_begun(streams, engine);
			else if (message.kind == MERGECONTROL_ENDED)
				see_refused(streams, engine);
		}
	}
}

/* A stream has ended: says so, and decides whether it is connected again. */
static void
see_end(struct livestreams *streams, struct live_engine *engine, int64_t now_ns)
{
	const bool was_lost = engine->stream.is_lost;
	int64_t pause_ns = PAUSE_NS;

	engine->is_over = true;
	engine->clock_ns = INT64_MAX;
	clock_session_close(&engine->clock);
	receive(streams);
	engine->stream.is_lost = !streams->is_ending && !engine->has_told_end &&
				 livestream_may_return(&engine->stream) &&
				 !livestream_is_complete(&engine->stream, streams->limits);
	if (!was_lost || (!engine->stream.is_lost && !streams->is_ending))
		streams->report(&engine->stream, NULL);
	if (!engine->stream.is_lost)
		return;
	streams->lost++;
	for (unsigned i = 0; i < engine->tries && pause_ns < PAUSE_MOST_NS; i++)
		pause_ns *= 2;
	engine->tries++;
	engine->again_ns = now_ns + spread(earlier(pause_ns, PAUSE_MOST_NS));
}

/* Gives the merge the pipe of a new stream. */
static void
hand_over(struct livestreams *streams, struct live_engine *engine, int64_t now_ns)
{
	struct mergecontrol message = {.kind = MERGECONTROL_STREAM, .fd = engine->stream.out};

	engine->hand_over_ns = now_ns + SEND_AGAIN_NS;
	if (message.fd >= 0 && !tell(streams, engine, message))
		return;
	fileio_close(&engine->stream.out);
	engine->hand_over_ns = INT64_MAX;
	if (!engine->is_measured && !engine->is_over && !engine->stream.has_begun)
		streams->report_clock(engine->stream.engine, NULL);
}

static void
connect_again(struct livestreams *streams, struct live_engine *engine, int64_t now_ns)
{
	if (!engine->stream.has_begun && engine->tries == 1)
		streams->report(&engine->stream, "connecting again");
	start(streams, engine, engine->stream.engine);
	engine->hand_over_ns = now_ns + CLOCK_NS;
}

static void
proceed(struct livestreams *streams, struct live_engine *engine, int64_t now_ns)
{
	struct mergecontrol end = {.kind = MERGECONTROL_END, .fd = -1};

	if (engine->stream.has_ended && !engine->is_over)
		see_end(streams, engine, now_ns);
	if (now_ns >= engine->again_ns && streams->has_begun)
		connect_again(streams, engine, now_ns);
	if (engine->hand_over_ns < INT64_MAX &&
	    (engine->is_measured || engine->is_over || now_ns >= engine->hand_over_ns))
		hand_over(streams, engine, now_ns);
	if (engine->is_over && !engine->stream.is_lost && !engine->has_told_end &&
	    streams->control >= 0)
		engine->has_told_end = tell(streams, engine, end);
}

/* Whether it is in vain to wait for those that are lost: none of the others captures, and they have reached
 * their limits, or none ever did. */
enum hope { HOPE_LASTS, HOPE_FOR_ONE_ATTEMPT, HOPE_ENDS };

static enum hope
find_hope(const struct livestreams *streams)
{
	enum hope hope = streams->has_begun ? HOPE_LASTS : HOPE_ENDS;

	for (size_t i = 0; i < streams->count; i++) {
		const struct live_engine *engine = &streams->list[i];

		if (!engine->is_over && !engine->stream.is_lost)
			return HOPE_LASTS;
		if (engine->is_over && hope == HOPE_LASTS &&
		    livestream_is_complete(&engine->stream, streams->limits))
			hope = HOPE_FOR_ONE_ATTEMPT;
	}
	return hope;
}

/* Until when an attempt may go on: what it has brought about ends with the time, and then waits for its clock. */
static int64_t
attempt_until(const struct livestreams *streams)
{
	return streams->until_ns < INT64_MAX ? streams->until_ns + CLOCK_NS : INT64_MAX;
}

/* Waits no longer for engines that are lost, if that is in vain or the time is over. */
static void
give_up(struct livestreams *streams, int64_t now_ns)
{
	const enum hope hope = now_ns >= streams->until_ns ? HOPE_ENDS : find_hope(streams);

	for (size_t i = 0; i < streams->count && hope != HOPE_LASTS; i++) {
		struct live_engine *engine = &streams->list[i];

		if (!engine->stream.is_lost || (hope == HOPE_FOR_ONE_ATTEMPT && engine->tries < 2))
			continue;
		if (engine->is_over) {
			engine->stream.is_lost = false;
			engine->again_ns = INT64_MAX;
		} else if (now_ns >= attempt_until(streams) && !engine->stream.is_cut_off) {
			livestream_cut_off(&engine->stream);
		}
	}
}

/* When something is to be done for the engine. */
static int64_t
due(const struct livestreams *streams, const struct live_engine *engine)
{
	int64_t ns = earlier(engine->hand_over_ns, engine->clock_ns);

	if (streams->has_begun)
		ns = earlier(ns, engine->again_ns);
	/* Without a merge nothing is given up. */
	if (streams->control >= 0 && engine->stream.is_lost && engine->is_over)
		ns = earlier(ns, streams->until_ns);
	else if (streams->control >= 0 && engine->stream.is_lost && !engine->stream.is_cut_off)
		ns = earlier(ns, attempt_until(streams));
	return earlier(ns, clock_session_due(&engine->clock));
}

/* How long to wait for something to happen. */
static struct timespec
pause_until(const struct livestreams *streams, int64_t end_ns)
{
	const int64_t now_ns = clock_monotonic_ns();
	int64_t next_ns = earlier(end_ns, streams->renewed_ns + streams->heartbeat_ns);

	for (size_t i = 0; i < streams->count; i++) {
		const struct live_engine *engine = &streams->list[i];

		next_ns = earlier(next_ns, due(streams, engine));
		if (engine->is_over && !engine->stream.is_lost && !engine->has_told_end &&
		    streams->control >= 0)
			next_ns = earlier(next_ns, now_ns + SEND_AGAIN_NS);
	}
	return clock_timespec(next_ns > now_ns ? next_ns - now_ns : 0);
}

static bool
have_ended(const struct livestreams *streams)
{
	for (size_t i = 0; i < streams->count; i++)
		if (!streams->list[i].is_over)
			return false;
	return true;
}

static bool
are_measured(const struct livestreams *streams)
{
	for (size_t i = 0; i < streams->count; i++)
		if (!streams->list[i].is_measured && streams->list[i].clock.fd >= 0)
			return false;
	return true;
}

enum outcome { SERVED, WOKEN, READER_ENDED };

/* Waits until something happens, at most until end_ns, and sees to it. */
static enum outcome
serve_once(struct livestreams *streams, const struct process *reader, int64_t end_ns)
{
	struct pollfd *shared = streams->pollers + WATCHED * streams->count;
	const struct timespec left = pause_until(streams, end_ns);
	enum livestream_renewal renewal = LIVESTREAM_KEEP;
	int64_t now_ns;

	for (size_t i = 0; i < streams->count; i++) {
		struct pollfd *pollers = streams->pollers + WATCHED * i;

		livestream_watch(&streams->list[i].stream, streams->job, pollers);
		pollers[CLOCK] = (struct pollfd){streams->list[i].clock.fd, POLLIN, 0};
	}
	shared[READER] = (struct pollfd){reader ? reader->handle : -1, POLLIN, 0};
	shared[CONTROL] = (struct pollfd){streams->control, POLLIN, 0};
	shared[WAKE] = (struct pollfd){streams->wake, POLLIN, 0};
	if (ppoll(streams->pollers, WATCHED * streams->count + SHARED, &left, streams->signals) < 0)
		return WOKEN;
	now_ns = clock_monotonic_ns();
	/* First what measures time. */
	for (size_t i = 0; i < streams->count; i++)
		serve_clock(streams, &streams->list[i], now_ns,
			    &streams->pollers[WATCHED * i + CLOCK]);
	if (now_ns - streams->renewed_ns >= streams->heartbeat_ns) {
		renewal = LIVESTREAM_RENEW;
		streams->renewed_ns = now_ns;
	}
	receive(streams);
	if (shared[CONTROL].revents & (POLLHUP | POLLERR))
		fileio_close(&streams->control);
	for (size_t i = 0; i < streams->count; i++) {
		livestream_serve(&streams->list[i].stream, streams->job, renewal,
				 streams->pollers + WATCHED * i, streams->report);
		proceed(streams, &streams->list[i], now_ns);
	}
	if (streams->control >= 0)
		give_up(streams, now_ns);
	if (shared[READER].revents)
		return READER_ENDED;
	return shared[WAKE].revents ? WOKEN : SERVED;
}

void
livestreams_measure(struct livestreams *streams, int64_t timeout_ns)
{
	const int64_t end_ns = clock_monotonic_ns() + timeout_ns;

	while (!are_measured(streams) && clock_monotonic_ns() < end_ns &&
	       serve_once(streams, NULL, end_ns) == SERVED)
		;
	for (size_t i = 0; i < streams->count; i++)
		if (!streams->list[i].is_measured && !streams->list[i].is_over)
			streams->report_clock(streams->list[i].stream.engine, NULL);
}

bool
livestreams_serve(struct livestreams *streams, const struct process *reader, int64_t timeout_ns)
{
	const int64_t end_ns = timeout_ns < 0 ? INT64_MAX : clock_monotonic_ns() + timeout_ns;
	enum outcome outcome = SERVED;

	while (outcome == SERVED && clock_monotonic_ns() < end_ns &&
	       (reader || !have_ended(streams)))
		outcome = serve_once(streams, reader, end_ns);
	return outcome != READER_ENDED;
}

void
livestreams_release(struct livestreams *streams)
{
	streams->is_ending = true;
	for (size_t i = 0; i < streams->count; i++) {
		struct live_engine *engine = &streams->list[i];

		livestream_release(&engine->stream);
		if (engine->stream.is_lost && !engine->is_over)
			livestream_cut_off(&engine->stream);
		clock_session_close(&engine->clock);
		fileio_close(&engine->stream.out);
		engine->again_ns = engine->hand_over_ns = engine->clock_ns = INT64_MAX;
	}
	fileio_close(&streams->control);
}

void
livestreams_end(struct livestreams *streams)
{
	for (size_t i = 0; i < streams->count; i++)
		livestream_cut_off(&streams->list[i].stream);
	for (size_t i = 0; i < streams->count; i++) {
		struct live_engine *engine = &streams->list[i];

		livestream_reap(&engine->stream, streams->report);
		if (!engine->is_over)
			see_end(streams, engine, INT64_MAX);
	}
	free(streams->pollers);
	streams->pollers = NULL;
}

static bool
has_failed(const struct live_engine *engine)
{
	return engine->stream.is_let_go || livestream_has_failed(&engine->stream);
}

bool
livestreams_have_failed(const struct livestreams *streams)
{
	for (size_t i = 0; i < streams->count; i++)
		if (streams->list[i].stream.has_begun || !has_failed(&streams->list[i]))
			return false;
	return true;
}

bool
livestreams_lack(const struct livestreams *streams)
{
	for (size_t i = 0; i < streams->count; i++)
		if (has_failed(&streams->list[i]))
			return true;
	return streams->lost > 0;
}
