#include "gather.h"

#include "child.h"
#include "clock.h"
#include "drift.h"
#include "errand.h"
#include "parse.h"
#include "room.h"
#include "tally.h"
#include "watch.h"
#include "words.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FETCH_TRIES 3
#define OVERHEAD    64                  /* bytes around a packet in a file */
#define SIZE_LIMIT  (UINT64_C(1) << 50) /* bytes: no disk has more, and sums stay in range */
#define TICK_NS     (NS_PER_SECOND / 4)

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

/* What the engine's file takes, by its own word; the merged one takes as much again. */
static uint64_t
size_of(const struct entry *entry, const char *engine)
{
	struct keyval state;
	uint64_t bytes, packets;

	if (entry_load_engine(entry, engine, &state, NULL) < 0)
		return 0;
	bytes = keyval_number(&state, "bytes", 0);
	packets = keyval_number(&state, "packets", 0);
	keyval_release(&state);
	if (bytes > SIZE_LIMIT || packets > SIZE_LIMIT / OVERHEAD)
		return SIZE_LIMIT;
	return bytes + OVERHEAD * packets;
}

static uint64_t
size_of_all(const struct entry *entry, const struct words *engines)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < engines->count; i++)
		sum += size_of(entry, engines->list[i]);
	return sum;
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

/* Fetches from these engines into the spool; what becomes of each is in its state. */
static int
fetch_each(struct gather *gather, const struct words *engines, char *const *command,
	   struct failure *why)
{
	char **argv = errand_command(gather->entry, engines, NULL, command);
	int rc = argv ? run_writer(gather, argv, why) : failure_set(why, "out of memory");

	words_free(argv);
	return rc < 0 ? -1 : 0;
}

int
gather_watch(struct gather *gather, struct failure *why)
{
	/* Whoever was starting it was killed: nobody shall wait for that. */
	if (strcmp(entry_state(gather->entry), "starting") == 0 &&
	    entry_set_state(gather->entry, "capturing", NULL, why) < 0)
		return -1;
	if (drift_note_start(gather->entry, why) < 0)
		return -1;
	return watch_until_ended(gather->entry, gather->poll_ns, why);
}

static struct words
fetched_or_not(const struct entry *entry, bool fetched)
{
	struct words engines = entry_participants(entry), chosen = WORDS_INIT;

	for (size_t i = 0; i < engines.count; i++)
		if (entry_has_fetched(entry, engines.list[i]) == fetched)
			words_add(&chosen, engines.list[i]);
	words_free(words_finish(&engines));
	return chosen;
}

/* The engine that says it has most. */
static const char *
largest_of(const struct entry *entry, const struct words *engines)
{
	const char *largest = engines->list[0];

	for (size_t i = 1; i < engines->count; i++)
		if (size_of(entry, engines->list[i]) > size_of(entry, largest))
			largest = engines->list[i];
	return largest;
}

/* Gives up those that say they have more than there could be room for whatever is removed here, the
 * largest first: by mistake or not, they are not to hold up the others. */
static int
give_up_absurd(struct gather *gather, struct failure *why)
{
	const uint64_t most = room_at_best(gather->entry->dir);
	int rc = 0;

	while (rc == 0) {
		struct words engines = entry_participants(gather->entry);
		const bool fits = 2 * size_of_all(gather->entry, &engines) <= most;

		if (!fits) {
			const char *engine = largest_of(gather->entry, &engines);
			char reason[160];

			snprintf(reason, sizeof(reason),
				 "it says that it has %" PRIu64
				 " MiB, for which the disk of this host is too small",
				 size_of(gather->entry, engine) >> 20);
			rc = entry_add_missing(gather->entry, engine, reason, why);
		}
		words_free(words_finish(&engines));
		if (fits)
			break;
	}
	return rc;
}

int
gather_fetch(struct gather *gather, struct failure *why)
{
	char *target = entry_file(gather->entry, "engines/{}.pcapng");
	char *const command[] = {"vcap-fetch", "-k", "{}", gather->entry->id, target, NULL};
	struct words all, left;
	int rc = target ? entry_set_state(gather->entry, "fetching", "", why) : -1;

	if (rc == 0)
		rc = drift_note_end(gather->entry, why);
	if (rc == 0)
		rc = give_up_absurd(gather, why);
	all = entry_participants(gather->entry);
	left = fetched_or_not(gather->entry, false);
	if (rc == 0)
		rc = check_room(
		    gather, size_of_all(gather->entry, &left) + size_of_all(gather->entry, &all),
		    why);
	for (int i = 0; i < FETCH_TRIES && left.count > 0 && rc == 0; i++) {
		if (i > 0)
			clock_rest(2 * i * NS_PER_SECOND);
		rc = fetch_each(gather, &left, command, why);
		words_free(words_finish(&left));
		left = fetched_or_not(gather->entry, false);
	}
	for (size_t i = 0; i < left.count && rc == 0; i++)
		rc = entry_give_up(gather->entry, left.list[i], why);
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
merge_command(const struct entry *entry, const struct words *engines,
	      const struct words *clock_options)
{
	struct words argv = WORDS_INIT;

	words_add_all(&argv, (char *const[]){"vcap-merge", "-S", NULL});
	words_take(&argv, entry_file(entry, "service"));
	words_add(&argv, "-w");
	words_take(&argv, entry_file(entry, "%s.pcapng", entry->id));
	if (clock_options->list)
		words_add_all(&argv, clock_options->list);
	for (size_t i = 0; i < engines->count; i++) {
		char *path = entry_file(entry, "engines/%s.pcapng", engines->list[i]);

		words_addf(&argv, "%s=%s", engines->list[i], path ? path : "");
		free(path);
	}
	return words_finish(&argv);
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
	struct words clock_options = WORDS_INIT;
	struct words engines = fetched_or_not(gather->entry, true);
	char **argv;
	int rc = entry_set_state(gather->entry, "merging", NULL, why);

	if (rc == 0 && engines.count == 0)
		rc = failure_set(why, "no engine's packets could be fetched");
	if (rc == 0)
		rc = drift_correct(gather->entry, &engines, &clock_options, why);
	if (rc == 0)
		rc = check_room(gather, size_of_all(gather->entry, &engines), why);
	if (rc == 0) {
		argv = merge_command(gather->entry, &engines, &clock_options);
		rc = argv ? run_writer(gather, argv, why) : failure_set(why, "out of memory");
		words_free(argv);
		if (rc == 3)
			add_problem(gather, NULL, "an engine's file is cut short or damaged");
		else if (rc > 0)
			rc = failure_set(why, "the files of the engines could not be merged");
	}
	if (rc >= 0)
		rc = verify(gather, &engines, why);
	words_free(words_finish(&clock_options));
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
	static char *const remove_command[] = {"vcap-on",     "{}",       "vcap-host", "remove",
					       "{dir}",       "{region}", "vcap-on",   "{}",
					       "vcap-region", "remove",   "{dir}",     NULL};
	struct words engines = fetched_or_not(gather->entry, true);
	int64_t now = clock_realtime_ns();
	int rc;

	add_missing_problems(gather);
	keyval_set(&gather->entry->facts, "ended", "%" PRId64 ".%09" PRId64, now / NS_PER_SECOND,
		   now % NS_PER_SECOND);
	rc = errand_run(gather->entry, &engines, "60s", remove_command, why);
	if (rc == 0)
		rc = entry_set_state(gather->entry, gather->problems ? "partial" : "done",
				     gather->problems ? gather->problems : "", why);
	if (rc == 0)
		remove_files(gather->entry, &engines);
	words_free(words_finish(&engines));
	return rc;
}
