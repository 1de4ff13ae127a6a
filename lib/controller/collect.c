/*
 * Any step may be interrupted: vcap-wait may be killed, the host restarted, the disk full. So no
 * step relies on the memory of this process. Which engines take part, which have ended and which
 * files are here is read from the spool each time, and a file gets its name there only when it is
 * complete. The next vcap-wait repeats the steps from the first and finds the completed ones done.
 *
 * The engines' copies are removed last, after the merged file has been completed and counted, so
 * that a whole copy of every packet exists at any time. The counts of the merged file are compared
 * with those that the engines reported; if they differ the result is partial.
 *
 * The disk needs room for both the fetched files and the merged one. Their sizes are known only
 * from the engines' reports; a report larger than the whole disk is treated as an error of that
 * engine.
 */
#include "controller/collect.h"

#include "base/clock.h"
#include "base/diskquota.h"
#include "base/process.h"
#include "base/strvec.h"
#include "capfile/count.h"
#include "controller/ability.h"
#include "controller/clock_correct.h"
#include "controller/commands.h"
#include "controller/each.h"
#include "controller/emptiness.h"
#include "controller/engine_state.h"
#include "controller/leftover.h"
#include "controller/linktypes.h"
#include "controller/mergedfile.h"
#include "controller/orphans.h"
#include "controller/partsize.h"
#include "controller/poll.h"
#include "controller/snapshot_engines.h"
#include "controller/snapshot_window.h"
#include "controller/spool_keys.h"
#include "controller/sshmux.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FETCH_TRIES 3
#define TICK_NS     (NS_PER_SECOND / 4)

void
collect_release(struct collect *collect)
{
	following_release(&collect->following);
	sshmux_end(collect->entry);
	free(collect->problems);
	collect->problems = NULL;
}

/* Adds "engine 'NAME': TEXT", or TEXT alone, to what makes the result partial. */
static void
add_problem(struct collect *collect, const char *name, const char *text)
{
	char *longer;

	if (asprintf(&longer, "%s%s%s%s%s%s", collect->problems ? collect->problems : "",
		     collect->problems ? "; " : "", name ? "engine '" : "", name ? name : "",
		     name ? "': " : "", text) < 0)
		return;
	free(collect->problems);
	collect->problems = longer;
}

/* -1, with is_short, if the spool has no room for this many more bytes. */
static int
check_room(struct collect *collect, uint64_t bytes, struct failure *why)
{
	collect->is_short =
	    diskquota_check_room(collect->entry->dir, collect->entry->path, bytes, why) < 0;
	return collect->is_short ? -1 : 0;
}

/* -1 if the capture is to be left. */
static int
check_given_up(const struct spool_entry *entry, struct failure *why)
{
	return spool_entry_is_given_up(entry)
		   ? failure_set(why, "capture '%s' is given up", entry->id)
		   : 0;
}

/* Runs a command that writes to the spool, and terminates it when no room is left there, or the
 * capture is given up. Returns its status, or -1. */
static int
run_writer(struct collect *collect, char *const *argv, struct failure *why)
{
	struct process child;

	if (process_start(&child, argv, -1, STDERR_FILENO, STDERR_FILENO, why) < 0)
		return -1;
	while (!process_ended(&child, TICK_NS)) {
		if (check_given_up(collect->entry, why) == 0 && check_room(collect, 0, why) == 0)
			continue;
		process_wait(&child, 0);
		return -1;
	}
	return process_wait(&child, -1);
}

/* Fetches from these engines into the spool; the result of each is in its state. */
static int
fetch_each(struct collect *collect, const struct strvec *engines, char *const *command,
	   struct failure *why)
{
	char **argv = each_command(collect->entry, engines, (struct each_options){0}, command);
	int rc = argv ? run_writer(collect, argv, why) : failure_nomem(why);

	strvec_free(argv);
	return rc < 0 ? -1 : 0;
}

int
collect_watch(struct collect *collect, struct failure *why)
{
	/* The process that started it was killed. */
	if (spool_entry_state(collect->entry) == CAPTURE_STARTING &&
	    spool_entry_set_state(collect->entry, CAPTURE_CAPTURING, NULL, why) < 0)
		return -1;
	if (sshmux_make(collect->entry, collect->variable, why) < 0)
		return -1;
	sshmux_use(collect->entry);
	if (snapshot_window_ring(collect->entry))
		return snapshot_engines_take(collect->entry, why);
	if (poll_until_ended(collect->entry, &collect->following, collect->poll_ns,
			     collect->variable, why) < 0)
		return -1;
	return orphans_adopt(collect->entry, why);
}

/* The engines whose packets are not in the merged file yet, by whether their files are here. */
static struct strvec
fetched_or_not(const struct spool_entry *entry, bool fetched)
{
	struct strvec engines = spool_entry_participants(entry), chosen = STRVEC_INIT;

	for (size_t i = 0; i < engines.count; i++)
		if (!spool_entry_is_merged(entry, engines.list[i]) &&
		    engine_state_has_file(entry, engines.list[i]) == fetched)
			strvec_push(&chosen, engines.list[i]);
	strvec_release(&engines);
	return chosen;
}

/* Those with a file here or without. */
static struct strvec
unmerged(const struct spool_entry *entry)
{
	struct strvec engines = fetched_or_not(entry, true), others = fetched_or_not(entry, false);

	if (others.list)
		strvec_pushv(&engines, others.list);
	strvec_release(&others);
	return engines;
}

/* Enters the state, unless there is a merged file: it stays what is to be had. */
static int
enter(struct collect *collect, enum capture_state state, const char *text, struct failure *why)
{
	return spool_entry_has_merged(collect->entry)
		   ? 0
		   : spool_entry_set_state(collect->entry, state, text, why);
}

/* The engines that have no file here, but for those where another try is no use. */
static struct strvec
worth_a_try(const struct spool_entry *entry)
{
	struct strvec left = fetched_or_not(entry, false), chosen = STRVEC_INIT;

	for (size_t i = 0; i < left.count; i++) {
		struct keyval state;
		const char *word;

		if (engine_state_load(entry, left.list[i], &state, NULL) < 0)
			continue;
		word = keyval_get(&state, "refetch");
		if (!word || strcmp(word, "no") != 0)
			strvec_push(&chosen, left.list[i]);
		keyval_release(&state);
	}
	strvec_release(&left);
	return chosen;
}

/* Gives up engines, the largest first, while the files they report could not fit on this disk even
 * if it were empty: an absurd report must not block the other engines. */
static int
give_up_oversized(struct collect *collect, struct failure *why)
{
	const uint64_t most = diskquota_capacity(collect->entry->dir);
	int rc = 0;

	while (rc == 0) {
		struct strvec engines = unmerged(collect->entry);
		const bool fits = 2 * partsize_sum(collect->entry, &engines) <= most;

		if (!fits) {
			const char *engine = partsize_largest(collect->entry, &engines);
			char reason[160];

			snprintf(reason, sizeof(reason),
				 "it reports %" PRIu64
				 " MiB, more than the disk of this host can hold",
				 partsize(collect->entry, engine) >> 20);
			rc = spool_entry_add_pending(collect->entry, engine, reason, why);
		}
		strvec_release(&engines);
		if (fits)
			break;
	}
	return rc;
}

int
collect_fetch(struct collect *collect, struct failure *why)
{
	char *target = spool_entry_file(collect->entry, "engines/{}.pcapng");
	char *const command[] = {"vcap-fetch", "-k", "{}", collect->entry->id, target, NULL};
	struct strvec all, left;
	int rc = target ? enter(collect, CAPTURE_FETCHING, "", why) : failure_nomem(why);

	all = unmerged(collect->entry);
	if (rc == 0)
		rc = clock_correct_note_end(collect->entry, &all, why);
	if (rc == 0)
		rc = give_up_oversized(collect, why);
	strvec_release(&all);
	all = unmerged(collect->entry);
	left = fetched_or_not(collect->entry, false);
	if (rc == 0)
		rc = check_room(collect,
				partsize_sum(collect->entry, &left) +
				    partsize_sum(collect->entry, &all) +
				    mergedfile_size(collect->entry),
				why);
	for (int i = 0; i < FETCH_TRIES && left.count > 0 && rc == 0; i++) {
		if (i > 0)
			clock_sleep(2 * i * NS_PER_SECOND);
		rc = fetch_each(collect, &left, command, why);
		strvec_release(&left);
		left = worth_a_try(collect->entry);
	}
	strvec_release(&left);
	left = fetched_or_not(collect->entry, false);
	for (size_t i = 0; i < left.count && rc == 0; i++)
		rc = engine_state_give_up(collect->entry, left.list[i], why);
	strvec_release(&all);
	strvec_release(&left);
	free(target);
	return rc;
}

/* Adds up the engines' counters, and adds the problems that they report. */
static void
sum_up(struct collect *collect, const struct strvec *engines, struct count *sum, uint64_t *dropped)
{
	for (size_t i = 0; i < engines->count; i++) {
		char gap[SNAPSHOT_WINDOW_TEXT], lacks[ABILITY_TEXT];
		struct keyval state;
		const char *message;

		if (engine_state_load(collect->entry, engines->list[i], &state, NULL) < 0)
			continue;
		sum->packets += engine_state_packets(&state);
		sum->bytes += engine_state_bytes(&state);
		*dropped += keyval_number(&state, "dropped", 0);
		message = keyval_get(&state, "message");
		if (!message || !*message)
			message = keyval_get(&state, "reason");
		if (engine_state_status(&state) != ENGINE_DONE)
			add_problem(collect, engines->list[i],
				    message && *message ? message : "ended early");
		else if (!engine_state_is_expected_end(collect->entry, &state))
			add_problem(collect, engines->list[i],
				    "ended before its time, without a request from here");
		if (ability_lacks_drops(collect->entry, engines->list[i], &state, lacks))
			add_problem(collect, engines->list[i], lacks);
		if (snapshot_window_gap(collect->entry, engines->list[i], &state, gap))
			add_problem(collect, engines->list[i], gap);
		keyval_release(&state);
	}
}

/* What is to be known of the file. One that has all that the engines kept is complete, whatever they
 * could not see, but where packets were expected. */
static int
remark(struct collect *collect, const struct count *merged, struct failure *why)
{
	struct keyval *facts = &collect->entry->facts;
	const char *expects = keyval_get(facts, "expect-packets"), *said;
	struct emptiness emptiness;
	int rc;

	emptiness_judge(&emptiness, collect->entry, merged, collect->variable);
	said = emptiness.unseen ? emptiness.unseen : emptiness.remark;
	if (said && merged->packets == 0 && expects && strcmp(expects, "yes") == 0) {
		add_problem(collect, NULL, said);
		emptiness_release(&emptiness);
	}
	rc = keyval_get(facts, "unseen") || emptiness.unseen
		 ? keyval_set(facts, "unseen", "%s", emptiness.unseen ? emptiness.unseen : "")
		 : 0;
	if (rc == 0)
		rc = clock_correct_remark(
		    collect->entry, emptiness.remark ? emptiness.remark : merged->failed_connects,
		    why);
	else
		failure_nomem(why);
	emptiness_release(&emptiness);
	return rc;
}

/* Counts the merged file, compares the counts with the engines' and stores them as facts. */
static int
verify(struct collect *collect, struct failure *why)
{
	struct strvec engines = spool_entry_participants(collect->entry);
	struct keyval *facts = &collect->entry->facts;
	char *path = mergedfile_new_path(collect->entry);
	struct count sum = {0}, merged = {0};
	uint64_t dropped = 0;
	struct stat st;
	int rc = path ? count_file(&merged, path, why) : failure_nomem(why);

	sum_up(collect, &engines, &sum, &dropped);
	if (keyval_get(facts, "damaged"))
		add_problem(collect, NULL, "an engine's file is cut short or damaged");
	if (rc == 0 &&
	    (stat(path, &st) < 0 || keyval_set(facts, "size", "%jd", (intmax_t)st.st_size) ||
	     keyval_set(facts, "packets", "%" PRIu64, merged.packets) ||
	     keyval_set(facts, "bytes", "%" PRIu64, merged.bytes) ||
	     keyval_set(facts, "dropped", "%" PRIu64, dropped)))
		rc = failure_errno(why, "cannot record the size of '%s'", path);
	if (rc == 0)
		rc = remark(collect, &merged, why);
	if (rc == 0)
		rc = spool_keys_collect(collect->entry, &engines, path, why);
	/* Of a snapshot, an engine does not count the packets of the window. */
	if (rc == 0 && !snapshot_window_ring(collect->entry) &&
	    (merged.packets != sum.packets || merged.bytes != sum.bytes)) {
		char text[160];

		snprintf(text, sizeof(text),
			 "the file has %" PRIu64 " packets of %" PRIu64
			 " bytes, the engines kept %" PRIu64 " of %" PRIu64,
			 merged.packets, merged.bytes, sum.packets, sum.bytes);
		add_problem(collect, NULL, text);
	}
	strvec_release(&engines);
	free(path);
	return rc;
}

int
collect_merge(struct collect *collect, struct failure *why)
{
	struct strvec clock_options = STRVEC_INIT, engines;
	char **argv;
	int rc = enter(collect, CAPTURE_MERGING, NULL, why);

	engines = fetched_or_not(collect->entry, true);
	if (rc == 0)
		rc = linktypes_leave_out(collect->entry, &engines, why);
	strvec_release(&engines);
	engines = fetched_or_not(collect->entry, true);
	if (rc == 0 && engines.count == 0)
		rc = failure_set(why, "no engine's packets could be fetched");
	if (rc == 0)
		rc = clock_correct_offsets(collect->entry, &engines, &clock_options, why);
	if (rc == 0)
		rc = check_room(
		    collect,
		    partsize_sum(collect->entry, &engines) + mergedfile_size(collect->entry), why);
	if (rc == 0) {
		argv =
		    mergedfile_command(collect->entry, &engines, &clock_options, collect->variable);
		rc = argv ? run_writer(collect, argv, why) : failure_nomem(why);
		strvec_free(argv);
		/* Merged again, the file no longer shows it. */
		if (rc == EXIT_PARTIAL && keyval_set(&collect->entry->facts, "damaged", "yes") < 0)
			rc = failure_nomem(why);
		else if (rc > 0 && rc != EXIT_PARTIAL)
			rc = failure_set(why, "the files of the engines could not be merged");
	}
	if (rc >= 0)
		rc = verify(collect, why);
	strvec_release(&clock_options);
	strvec_release(&engines);
	return rc;
}

static void
add_missing_problems(struct collect *collect)
{
	const struct keyval *facts = &collect->entry->facts;

	for (size_t i = 0; i < facts->count; i++) {
		const char *value = facts->pairs[i].value;
		int name = (int)strcspn(value, " ");
		char *text;

		if (strcmp(facts->pairs[i].key, "missing") != 0 ||
		    asprintf(&text, "engine '%.*s' is missing:%s", name, value, value + name) < 0)
			continue;
		add_problem(collect, NULL, text);
		free(text);
	}
}

/* Says which engines may still have their part. */
static void
add_pending_hint(struct collect *collect)
{
	const struct spool_entry *entry = collect->entry;
	struct strvec pending = spool_entry_marked(entry, "pending");
	char *names = strvec_join(&pending, "', '"), *text;

	if (pending.count > 0 && asprintf(&text,
					  "engine%s '%s' may still have %s part: 'vcap wait %s' "
					  "fetches it",
					  pending.count > 1 ? "s" : "", names ? names : "",
					  pending.count > 1 ? "their" : "its", entry->id) >= 0) {
		add_problem(collect, NULL, text);
		free(text);
	}
	free(names);
	strvec_release(&pending);
}

int
collect_finish(struct collect *collect, struct failure *why)
{
	struct spool_entry *entry = collect->entry;
	struct strvec engines = fetched_or_not(entry, true);
	const bool had_merged = spool_entry_has_merged(entry);
	int64_t now = clock_realtime_ns();
	char *note;
	int rc;

	add_missing_problems(collect);
	add_pending_hint(collect);
	if (had_merged)
		keyval_set(&entry->facts, "replace", "yes");
	else
		keyval_set(&entry->facts, "ended", CLOCK_FORMAT, CLOCK_ARGS(now));
	rc = leftover_clean(entry, &engines, &collect->following, why);
	for (size_t i = 0; i < engines.count; i++)
		spool_entry_clear(entry, "late", engines.list[i]);
	sshmux_end(entry);
	note = leftover_note(entry);
	if (rc == 0)
		rc =
		    spool_entry_set_state(entry, collect->problems ? CAPTURE_PARTIAL : CAPTURE_DONE,
					  collect->problems ? collect->problems
					  : note            ? note
							    : "",
					  why);
	free(note);
	if (rc == 0)
		rc = mergedfile_replace(entry, why);
	if (rc == 0)
		mergedfile_remove_parts(entry, &engines);
	strvec_release(&engines);
	return rc;
}

int
collect_complete(struct collect *collect, struct failure *why)
{
	struct strvec engines = STRVEC_INIT;
	int rc = mergedfile_replace(collect->entry, why);

	if (rc == 0)
		rc = orphans_adopt(collect->entry, why);
	if (rc == 0) {
		engines = unmerged(collect->entry);
		rc = engines.count > 0 ? collect_fetch(collect, why) : 0;
		strvec_release(&engines);
	}
	if (rc == 0) {
		engines = fetched_or_not(collect->entry, true);
		if (engines.count > 0 &&
		    (collect_merge(collect, why) < 0 || collect_finish(collect, why) < 0))
			rc = -1;
		strvec_release(&engines);
	}
	return rc == 0 ? leftover_retry(collect->entry, why) : rc;
}
