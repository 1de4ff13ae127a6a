#include "gather.h"

#include "child.h"
#include "clock.h"
#include "clocks.h"
#include "parse.h"
#include "room.h"
#include "skew.h"
#include "tally.h"
#include "words.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FETCH_TRIES 3
#define OVERHEAD    64 /* bytes around a packet in a file */
#define BYTES_MAX   (UINT64_MAX >> 2)
#define TICK_NS     (NS_PER_SECOND / 4)

static void
rest(int64_t ns)
{
	nanosleep(&(struct timespec){ns / NS_PER_SECOND, ns % NS_PER_SECOND}, NULL);
}

void
gather_release(struct gather *gather)
{
	free(gather->problems);
	gather->problems = NULL;
}

/* Adds "engine 'NAME': TEXT", or TEXT alone, to what makes the result partial. */
static void
add_problem(struct gather *gather, const char *name, const char *text)
{
	char *longer;

	if (asprintf(&longer, "%s%s%s%s%s%s", gather->problems ? gather->problems : "",
		     gather->problems ? "; " : "", name ? "engine '" : "", name ? name : "",
		     name ? "': " : "", text) < 0)
		return;
	free(gather->problems);
	gather->problems = longer;
}

static int
give_up(struct gather *gather, const char *engine, struct failure *why)
{
	char *reason = entry_engine_failure(gather->entry, engine);
	int rc = entry_add_missing(gather->entry, engine, reason ? reason : "not reached", why);

	free(reason);
	return rc;
}

/* What the files of these engines take; the merged one takes as much again. */
static uint64_t
size_of(const struct entry *entry, const struct words *engines)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < engines->count; i++) {
		struct keyval state;

		if (entry_load_engine(entry, engines->list[i], &state, NULL) < 0)
			continue;
		sum += (keyval_number(&state, "bytes", 0) & BYTES_MAX) +
		       OVERHEAD * (keyval_number(&state, "packets", 0) & UINT32_MAX);
		keyval_release(&state);
	}
	return sum & BYTES_MAX;
}

/* Whether the spool has room for so many bytes more. */
static int
check_room(struct gather *gather, uint64_t bytes, struct failure *why)
{
	gather->is_short = room_check(gather->entry->dir, gather->entry->path, bytes, why) < 0;
	return gather->is_short ? -1 : 0;
}

/* Runs a command that writes to the spool, and ends it when that has no room left. Its status, or
 * -1. */
static int
run_writer(struct gather *gather, char *const *argv, struct failure *why)
{
	struct child child;

	if (child_start(&child, argv, -1, STDERR_FILENO, STDERR_FILENO, why) < 0)
		return -1;
	while (!child_ended(&child, TICK_NS)) {
		if (check_room(gather, 0, why) == 0)
			continue;
		child_wait(&child, 0);
		return -1;
	}
	return child_wait(&child, -1);
}

/* vcap-each with the command for these engines, of which there is one at least; what becomes of
 * each is in its state. timeout: of each; NULL: none. Heap, for words_free; NULL without memory. */
static char **
each_command(const struct gather *gather, const struct words *engines, const char *timeout,
	     char *const *command)
{
	struct words argv = WORDS_INIT;

	words_add_all(&argv, (char *const[]){"vcap-each", "-E", NULL});
	words_take(&argv, words_join(engines, ","));
	if (timeout) {
		words_add(&argv, "-t");
		words_add(&argv, timeout);
	}
	words_add(&argv, gather->entry->id);
	words_add_all(&argv, command);
	return words_finish(&argv);
}

/* Runs a command for these engines; what becomes of each is in its state. */
static int
each(const struct gather *gather, const struct words *engines, const char *timeout,
     char *const *command, struct failure *why)
{
	char **argv;
	int rc;

	if (engines->count == 0)
		return 0;
	argv = each_command(gather, engines, timeout, command);
	rc = argv ? child_run(argv, -1, STDERR_FILENO, STDERR_FILENO, -1, why)
		  : failure_set(why, "out of memory");
	words_free(argv);
	return rc < 0 ? -1 : 0;
}

/* Fetches from these engines, as each does, into the spool. */
static int
fetch_each(struct gather *gather, const struct words *engines, char *const *command,
	   struct failure *why)
{
	char **argv = each_command(gather, engines, NULL, command);
	int rc = argv ? run_writer(gather, argv, why) : failure_set(why, "out of memory");

	words_free(argv);
	return rc < 0 ? -1 : 0;
}

static char *const ask_command[] = {"vcap-on", "{}", "vcap-host", "status", "{dir}", NULL};
static char *const stop_command[] = {"vcap-on", "{}", "vcap-host", "stop", "{dir}", NULL};
static char *const clock_start_command[] = {"vcap-clock", "--key", "clock-start", "{}", NULL};
static char *const clock_end_command[] = {"vcap-clock", "--key", "clock-end", "{}", NULL};
static char *const remove_command[] = {"vcap-on", "{}", "vcap-host", "remove", "{dir}", NULL};

/* How an engine stands, from its state in the spool. */
enum standing { RUNNING, ENDED, OUT_OF_REACH };

static enum standing
standing_of(const struct entry *entry, const char *engine)
{
	struct keyval state;
	enum standing standing = OUT_OF_REACH;
	const char *word;

	if (entry_load_engine(entry, engine, &state, NULL) < 0)
		return OUT_OF_REACH;
	word = keyval_get(&state, "state");
	if (keyval_number(&state, "exit", 256) == 0)
		standing = word && strcmp(word, "running") != 0 ? ENDED : RUNNING;
	keyval_release(&state);
	return standing;
}

/* Those of the engines that have not ended, and how many of them are known to run. */
static struct words
unsettled(const struct entry *entry, const struct words *engines, size_t *running)
{
	struct words open = WORDS_INIT;

	*running = 0;
	for (size_t i = 0; i < engines->count; i++) {
		enum standing standing = standing_of(entry, engines->list[i]);

		*running += standing == RUNNING;
		if (standing != ENDED)
			words_add(&open, engines->list[i]);
	}
	return open;
}

/* When the capture's own time is over, on the wall clock: never for one without any limit, and 0 if
 * it is limited by its count alone, or was ended. */
static int64_t
deadline_ns(const struct entry *entry)
{
	const bool is_counted = keyval_number(&entry->facts, "count", 0) > 0;
	const int64_t duration = (int64_t)keyval_number(&entry->facts, "duration", 0);
	const int64_t began = entry_began_ns(entry);

	if (entry_is_stopping(entry) || began == 0)
		return 0;
	if (duration == 0)
		return is_counted ? 0 : INT64_MAX;
	return began + duration;
}

/* When to ask the engines again: at the end of the capture's time, and before it at intervals that
 * grow with its age, from one second to ten. */
static int64_t
next_ask(const struct gather *gather, int64_t begun, int64_t now)
{
	int64_t pause = gather->poll_ns ? gather->poll_ns : (now - begun) / 4;
	int64_t deadline = deadline_ns(gather->entry);
	int64_t left = deadline - clock_realtime_ns();

	if (!gather->poll_ns && pause < NS_PER_SECOND)
		pause = NS_PER_SECOND;
	if (!gather->poll_ns && pause > 10 * NS_PER_SECOND)
		pause = 10 * NS_PER_SECOND;
	/* A little later, so that they have ended by then. */
	return now + (left > 0 && left < pause ? left + NS_PER_SECOND / 2 : pause);
}

/* A last word to the engines that never answered while starting: one that captures after all takes
 * part again. */
static int
retry_missing(struct gather *gather, struct failure *why)
{
	struct words all = entry_engines(gather->entry), lost = WORDS_INIT;
	struct words present = entry_participants(gather->entry);
	int rc;

	for (size_t i = 0; i < all.count; i++)
		if (!words_has(&present, all.list[i]))
			words_add(&lost, all.list[i]);
	rc = each(gather, &lost, "45s", stop_command, why);
	for (size_t i = 0; i < lost.count; i++)
		if (standing_of(gather->entry, lost.list[i]) == ENDED)
			entry_drop_missing(gather->entry, lost.list[i]);
	words_free(words_finish(&all));
	words_free(words_finish(&lost));
	words_free(words_finish(&present));
	return rc;
}

/* Has the clocks of the engines compared with this one, unless that is taken down already under the
 * key. One that does not tell is not corrected: that is no reason to give up anything. */
static int
compare_clocks(struct gather *gather, const char *key, char *const *command, struct failure *why)
{
	struct words engines = entry_participants(gather->entry), unknown = WORDS_INIT;
	int rc;

	for (size_t i = 0; i < engines.count; i++) {
		struct keyval state;

		if (entry_load_engine(gather->entry, engines.list[i], &state, NULL) < 0)
			continue;
		if (!keyval_get(&state, key))
			words_add(&unknown, engines.list[i]);
		keyval_release(&state);
	}
	rc = each(gather, &unknown, "20s", command, why);
	words_free(words_finish(&engines));
	words_free(words_finish(&unknown));
	return rc;
}

int
gather_watch(struct gather *gather, struct failure *why)
{
	const int64_t begun = clock_monotonic_ns();
	const int64_t patience = (int64_t)keyval_number(&gather->entry->facts, "patience", 0);
	struct words engines = entry_participants(gather->entry), open = WORDS_INIT;
	int64_t ask_at = 0, alone_since = 0;
	int rc = 0;

	/* Whoever was starting it was killed: nobody shall wait for that. */
	if (strcmp(entry_state(gather->entry), "starting") == 0)
		rc = entry_set_state(gather->entry, "capturing", NULL, why);
	if (rc == 0)
		rc = compare_clocks(gather, "clock-start", clock_start_command, why);
	while (rc == 0) {
		int64_t now = clock_monotonic_ns();
		size_t running;

		words_free(words_finish(&open));
		open = unsettled(gather->entry, &engines, &running);
		if (ask_at && open.count == 0)
			break;
		/* Patience is for the time when there is nothing else to wait for. */
		if (running > 0 || !ask_at || clock_realtime_ns() < deadline_ns(gather->entry))
			alone_since = now;
		if (now - alone_since > patience)
			break;
		if (now >= ask_at) {
			/* An engine that could not be told to stop is told now. */
			rc = each(gather, &open, "60s",
				  entry_is_stopping(gather->entry) ? stop_command : ask_command,
				  why);
			ask_at = next_ask(gather, begun, clock_monotonic_ns());
		} else {
			rest(TICK_NS);
		}
	}
	for (size_t i = 0; i < open.count && rc == 0; i++)
		rc = give_up(gather, open.list[i], why);
	words_free(words_finish(&open));
	words_free(words_finish(&engines));
	return rc == 0 ? retry_missing(gather, why) : rc;
}

static bool
is_fetched(const struct entry *entry, const char *engine)
{
	char *path = entry_file(entry, "engines/%s.pcapng", engine);
	bool there = path && access(path, F_OK) == 0;

	free(path);
	return there;
}

static struct words
fetched_or_not(const struct entry *entry, bool fetched)
{
	struct words engines = entry_participants(entry), chosen = WORDS_INIT;

	for (size_t i = 0; i < engines.count; i++)
		if (is_fetched(entry, engines.list[i]) == fetched)
			words_add(&chosen, engines.list[i]);
	words_free(words_finish(&engines));
	return chosen;
}

int
gather_fetch(struct gather *gather, struct failure *why)
{
	char *target = entry_file(gather->entry, "engines/{}.pcapng");
	char *const command[] = {"vcap-fetch", "-k", "{}", gather->entry->id, target, NULL};
	struct words all = entry_participants(gather->entry), left;
	int rc = target ? entry_set_state(gather->entry, "fetching", "", why) : -1;

	if (rc == 0)
		rc = compare_clocks(gather, "clock-end", clock_end_command, why);
	left = fetched_or_not(gather->entry, false);
	if (rc == 0)
		rc = check_room(gather,
				size_of(gather->entry, &left) + size_of(gather->entry, &all), why);
	for (int i = 0; i < FETCH_TRIES && left.count > 0 && rc == 0; i++) {
		if (i > 0)
			rest(2 * i * NS_PER_SECOND);
		rc = fetch_each(gather, &left, command, why);
		words_free(words_finish(&left));
		left = fetched_or_not(gather->entry, false);
	}
	for (size_t i = 0; i < left.count && rc == 0; i++)
		rc = give_up(gather, left.list[i], why);
	words_free(words_finish(&all));
	words_free(words_finish(&left));
	free(target);
	return rc;
}

/* What the engines have counted, and what any of them has to complain about. */
static void
sum_up(struct gather *gather, const struct words *engines, struct tally *sum, uint64_t *dropped)
{
	for (size_t i = 0; i < engines->count; i++) {
		struct keyval state;
		const char *word, *message;

		if (entry_load_engine(gather->entry, engines->list[i], &state, NULL) < 0)
			continue;
		sum->packets += keyval_number(&state, "packets", 0);
		sum->bytes += keyval_number(&state, "bytes", 0);
		*dropped += keyval_number(&state, "dropped", 0);
		word = keyval_get(&state, "state");
		message = keyval_get(&state, "message");
		if (!message || !*message)
			message = keyval_get(&state, "reason");
		if (!word || strcmp(word, "done") != 0)
			add_problem(gather, engines->list[i],
				    message && *message ? message : "ended early");
		keyval_release(&state);
	}
}

static char **
merge_command(const struct entry *entry, const struct words *engines, const struct words *clocks)
{
	struct words argv = WORDS_INIT;

	words_add_all(&argv, (char *const[]){"vcap-merge", "-S", NULL});
	words_take(&argv, entry_file(entry, "service"));
	words_add(&argv, "-w");
	words_take(&argv, entry_file(entry, "%s.pcapng", entry->id));
	for (size_t i = 0; i < clocks->count; i++) {
		words_add(&argv, "-o");
		words_add(&argv, clocks->list[i]);
	}
	for (size_t i = 0; i < engines->count; i++) {
		char *path = entry_file(entry, "engines/%s.pcapng", engines->list[i]);

		words_addf(&argv, "%s=%s", engines->list[i], path ? path : "");
		free(path);
	}
	return words_finish(&argv);
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

/* What vcap-merge is to add to the times of engines whose clocks are known to be wrong. All that is
 * known of clocks is taken down. */
static int
correct_clocks(struct entry *entry, const struct words *engines, struct words *corrections,
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
		clocks_correct(engines->list[i], &skew, corrections);
	}
	text = words_join(&known, ", ");
	rc = text && keyval_set(&entry->facts, "clocks", "%s", text) == 0
		 ? 0
		 : failure_set(why, "out of memory");
	free(text);
	words_free(words_finish(&known));
	return rc;
}

/* Counts the merged file against the engines' own words, and takes the counts down. */
static int
verify(struct gather *gather, const struct words *engines, struct failure *why)
{
	struct keyval *facts = &gather->entry->facts;
	char *path = entry_file(gather->entry, "%s.pcapng", gather->entry->id);
	struct tally sum = {0}, merged = {0};
	uint64_t dropped = 0;
	struct stat st;
	int rc = path ? tally_take(&merged, path, why) : failure_set(why, "out of memory");

	sum_up(gather, engines, &sum, &dropped);
	if (rc == 0 &&
	    (stat(path, &st) < 0 || keyval_set(facts, "size", "%jd", (intmax_t)st.st_size) ||
	     keyval_set(facts, "packets", "%" PRIu64, merged.packets) ||
	     keyval_set(facts, "bytes", "%" PRIu64, merged.bytes) ||
	     keyval_set(facts, "dropped", "%" PRIu64, dropped)))
		rc = failure_errno(why, "cannot take down what '%s' holds", path);
	if (rc == 0 && (merged.packets != sum.packets || merged.bytes != sum.bytes)) {
		char text[160];

		snprintf(text, sizeof(text),
			 "the file has %" PRIu64 " packets of %" PRIu64
			 " bytes, the engines kept %" PRIu64 " of %" PRIu64,
			 merged.packets, merged.bytes, sum.packets, sum.bytes);
		add_problem(gather, NULL, text);
	}
	free(path);
	return rc;
}

int
gather_merge(struct gather *gather, struct failure *why)
{
	struct words clocks = WORDS_INIT;
	struct words engines = fetched_or_not(gather->entry, true);
	char **argv;
	int rc = entry_set_state(gather->entry, "merging", NULL, why);

	if (rc == 0 && engines.count == 0)
		rc = failure_set(why, "no engine's packets could be fetched");
	if (rc == 0)
		rc = correct_clocks(gather->entry, &engines, &clocks, why);
	if (rc == 0)
		rc = check_room(gather, size_of(gather->entry, &engines), why);
	if (rc == 0) {
		argv = merge_command(gather->entry, &engines, &clocks);
		rc = argv ? run_writer(gather, argv, why) : failure_set(why, "out of memory");
		words_free(argv);
		if (rc == 3)
			add_problem(gather, NULL, "an engine's file is cut short or damaged");
		else if (rc > 0)
			rc = failure_set(why, "the files of the engines could not be merged");
	}
	if (rc >= 0)
		rc = verify(gather, &engines, why);
	words_free(words_finish(&clocks));
	words_free(words_finish(&engines));
	return rc;
}

/* The engines' files here are in the merged one. */
static void
remove_files(const struct entry *entry, const struct words *engines)
{
	for (size_t i = 0; i < engines->count; i++) {
		char *path = entry_file(entry, "engines/%s.pcapng", engines->list[i]);

		if (path)
			unlink(path);
		free(path);
	}
}

static void
add_missing_problems(struct gather *gather)
{
	const struct keyval *facts = &gather->entry->facts;

	for (size_t i = 0; i < facts->count; i++) {
		const char *value = facts->pairs[i].value;
		int name = (int)strcspn(value, " ");
		char *text;

		if (strcmp(facts->pairs[i].key, "missing") != 0 ||
		    asprintf(&text, "engine '%.*s' is missing:%s", name, value, value + name) < 0)
			continue;
		add_problem(gather, NULL, text);
		free(text);
	}
}

int
gather_finish(struct gather *gather, struct failure *why)
{
	struct words engines = fetched_or_not(gather->entry, true);
	int64_t now = clock_realtime_ns();
	int rc;

	add_missing_problems(gather);
	keyval_set(&gather->entry->facts, "ended", "%" PRId64 ".%09" PRId64, now / NS_PER_SECOND,
		   now % NS_PER_SECOND);
	rc = each(gather, &engines, "60s", remove_command, why);
	if (rc == 0)
		rc = entry_set_state(gather->entry, gather->problems ? "partial" : "done",
				     gather->problems ? gather->problems : "", why);
	if (rc == 0)
		remove_files(gather->entry, &engines);
	words_free(words_finish(&engines));
	return rc;
}
