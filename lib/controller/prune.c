#include "controller/prune.h"

#include "base/clock.h"
#include "base/exitcode.h"
#include "base/keyval.h"
#include "base/parse.h"
#include "base/process.h"
#include "controller/capture_audit.h"
#include "controller/commands.h"
#include "controller/engine.h"
#include "controller/fanout.h"
#include "controller/reason.h"
#include "controller/remains.h"
#include "controller/removal.h"
#include "controller/spool_keys.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JOBS       16
#define TIMEOUT_NS (30 * NS_PER_SECOND)
/* How long after its end a capture expires on an engine (RUNDIR_KEPT_S of capture/rundir.h). */
#define KEPT_NS (7 * 24 * 3600 * NS_PER_SECOND)

/* What of a rule's limits the captures before have used up. */
struct used {
	uint64_t count, size;
	bool full;
};

/* The time since it ended, or since it was created if its end is not known. */
static int64_t
age_ns(const struct spool_entry *entry)
{
	const char *word = keyval_get(&entry->facts, "ended");
	int64_t then;

	if (!word)
		word = keyval_get(&entry->facts, "created");
	if (!word || parse_offset(word, &then, NULL) < 0)
		return 0;
	return clock_realtime_ns() - then;
}

/* Whether the capture goes, which is not open afterwards: 1, 0, or -1 if it cannot be read. */
static int
exceeds(const struct spool *spool, const char *id, const struct prune_limits *limits,
	struct used *used, struct failure *why)
{
	struct spool_entry entry;
	bool over, old;
	uint64_t own;

	if (spool_find(spool, id, &entry, why) < 0)
		return -1;
	over = spool_entry_is_over(&entry) && !spool_entry_is_locked(&entry);
	old = age_ns(&entry) > limits->age_ns;
	own = keyval_number(&entry.facts, "size", 0);
	spool_entry_close(&entry);
	if (!over)
		return 0;
	used->full |= used->count >= limits->count || own > limits->size - used->size;
	if (used->full || old)
		return 1;
	used->count++;
	used->size += own;
	return 0;
}

int
prune_captures(const struct spool *spool, char *const *ids, const struct prune_rules *rules,
	       enum prune_mode mode, const struct prune_report *report)
{
	struct used *used = calloc(rules->count + 1, sizeof(*used));
	int status = EXIT_DONE, removed;

	if (!used) {
		report->failed("out of memory");
		return EXIT_FAILED;
	}
	for (char *const *id = ids; *id; id++) {
		const struct prune_rule *rule = prune_rules_find(rules, *id);
		struct failure why = FAILURE_INIT;
		int goes =
		    rule ? exceeds(spool, *id, &rule->limits, &used[rule - rules->list], &why) : 0;

		if (goes < 0) {
			report->failed(why.text);
			status = EXIT_FAILED;
		}
		if (goes <= 0)
			continue;
		removed = mode == PRUNE_DRY_RUN
			      ? EXIT_DONE
			      : removal_tell(spool, *id, REMOVAL_OVER, getenv, report->failed);
		if (removed != EXIT_FAILED)
			report->removed(*id);
		if (removed == EXIT_FAILED || status == EXIT_DONE)
			status = removed;
	}
	free(used);
	return status;
}

/* Whether the keys of a capture go, and they do: 1, 0 or -1. */
static int
drop_keys(const struct spool *spool, const char *id, int64_t age, enum prune_mode mode,
	  struct failure *why)
{
	struct spool_entry entry;
	int rc = 0;

	if (spool_find(spool, id, &entry, why) < 0)
		return -1;
	if (spool_entry_is_over(&entry) && !spool_entry_is_locked(&entry) && age_ns(&entry) > age &&
	    spool_keys_exist(&entry)) {
		rc = 1;
		if (mode == PRUNE_REMOVE &&
		    (spool_entry_lock(&entry, why) < 0 ||
		     capture_audit(&entry, CAPTURE_AUDIT_DELETE_KEYS, NULL, getenv, why) < 0 ||
		     spool_keys_remove(&entry, why) < 0))
			rc = -1;
	}
	spool_entry_close(&entry);
	return rc;
}

int
prune_keys(const struct spool *spool, char *const *ids, int64_t age_ns, enum prune_mode mode,
	   const struct prune_report *report)
{
	int status = EXIT_DONE;

	for (char *const *id = ids; *id; id++) {
		struct failure why = FAILURE_INIT;
		const int gone = drop_keys(spool, *id, age_ns, mode, &why);

		if (gone > 0)
			report->removed(*id);
		if (gone >= 0)
			continue;
		report->failed(why.text);
		status = EXIT_FAILED;
	}
	return status;
}

static void
tell(void (*take)(const char *text), const char *format, const char *one, const char *other,
     const char *third)
{
	struct failure text;

	failure_set(&text, format, one, other, third);
	take(text.text);
}

static bool
is_leftover(const struct remain *remain, int64_t age_ns)
{
	return remain->is_named && strcmp(remain->state, "running") != 0 && remain->expires_ns &&
	       (remain->known == REMAIN_COPY || remain->known == REMAIN_UNKNOWN) &&
	       clock_realtime_ns() - (remain->expires_ns - KEPT_NS) > age_ns;
}

/* Completes the captures of which engines still have a part, as vcap-collect does. Returns how many
 * are not complete then. */
static int
complete(const struct remains *remains, const struct prune_report *report)
{
	const char *last = "";
	int left = 0;

	for (size_t i = 0; i < remains->count; i++) {
		const struct remain *remain = &remains->list[i];
		char *argv[] = {"vcap-wait", "--quiet", "--", remain->id, NULL};
		struct failure why = FAILURE_INIT;
		int status;

		if (remain->known != REMAIN_HELD || strcmp(remain->id, last) == 0)
			continue;
		last = remain->id;
		/* What it says goes to standard error, its path nowhere. */
		status = process_run(argv, -1, -1, STDERR_FILENO, -1, &why);
		if (status < 0)
			report->failed(why.text);
		left += status != EXIT_DONE;
	}
	return left;
}

/* What the tasks' ends go to. */
struct removals {
	const struct remain **list; /* of each task */
	const struct task *tasks;
	const struct prune_report *report;
};

static void
removal_ended(const struct task *task, void *context)
{
	const struct removals *removals = context;
	const struct remain *remain = removals->list[task - removals->tasks];
	char *reason;

	if (task->status == 0) {
		tell(removals->report->removed, "%s on %s%s", remain->id, remain->engine->name, "");
		return;
	}
	reason = reason_find(task->argv, task->status, task->err);
	tell(removals->report->failed, "engine '%s' keeps '%s': %s", remain->engine->name,
	     remain->id, reason && *reason ? reason : "no answer");
	free(reason);
}

/* Removes these, which are count. Returns how many were not removed; -1 with why. */
static int
remove_all(const struct remain **list, size_t count, const struct prune_report *report,
	   struct failure *why)
{
	struct task *tasks = calloc(count + 1, sizeof(*tasks));
	struct removals removals = {.list = list, .tasks = tasks, .report = report};
	int rc = tasks ? 0 : failure_nomem(why);

	for (size_t i = 0; i < count && rc == 0; i++) {
		const struct engine *engine = list[i]->engine;
		const bool has_token = strcmp(list[i]->token, "-") != 0;
		char *path = NULL;

		if (asprintf(&path, "%s/%s", engine->directory, list[i]->name) < 0)
			path = NULL;
		tasks[i] = (struct task){.name = engine->name, .child = PROCESS_INIT};
		if (path)
			tasks[i].argv = commands_ask(engine->name, false, COMMANDS_REMOVE, path,
						     has_token ? list[i]->token : NULL);
		free(path);
		if (!tasks[i].argv)
			rc = failure_nomem(why);
	}
	if (rc == 0 && count > 0)
		rc = fanout_run(&(struct fanout){.tasks = tasks,
						 .count = count,
						 .jobs = JOBS,
						 .timeout_ns = TIMEOUT_NS,
						 .ended = removal_ended,
						 .context = &removals},
				why);
	for (size_t i = 0; tasks && i < count; i++)
		strvec_free(tasks[i].argv);
	free(tasks);
	return rc;
}

/* Removes what is a leftover of remains; as remove_all. */
static int
sweep(const struct remains *remains, int64_t age_ns, enum prune_mode mode,
      const struct prune_report *report, struct failure *why)
{
	const struct remain **list = calloc(remains->count + 1, sizeof(*list));
	size_t count = 0;
	int rc = 0;

	if (!list)
		return failure_nomem(why);
	for (size_t i = 0; i < remains->count; i++)
		if (is_leftover(&remains->list[i], age_ns))
			list[count++] = &remains->list[i];
	if (mode == PRUNE_DRY_RUN)
		for (size_t i = 0; i < count; i++)
			tell(report->removed, "%s on %s%s", list[i]->id, list[i]->engine->name, "");
	else
		rc = remove_all(list, count, report, why);
	free(list);
	return rc;
}

int
prune_leftovers(int64_t age_ns, enum prune_mode mode, config_variable *variable,
		const struct prune_report *report)
{
	struct engines engines = ENGINES_INIT;
	struct remains remains = {.engines = &engines};
	struct strvec remarks = STRVEC_INIT;
	struct failure why = FAILURE_INIT;
	size_t asked = 0;
	int silent, left;

	silent = engines_load(&engines, variable, &why) < 0
		     ? -1
		     : remains_ask(&remains, NULL, &asked, &remarks, &why);
	if (silent >= 0)
		remains_look_up(&remains, variable);
	left = silent < 0 ? -1 : sweep(&remains, age_ns, mode, report, &why);
	for (size_t i = 0; i < remarks.count; i++)
		report->failed(remarks.list[i]);
	if (left >= 0 && mode == PRUNE_REMOVE)
		left += complete(&remains, report);
	if (left < 0)
		report->failed(why.text);
	strvec_release(&remarks);
	remains_release(&remains);
	engines_release(&engines);
	return left < 0 ? EXIT_FAILED : silent + left > 0 ? EXIT_PARTIAL : EXIT_DONE;
}
