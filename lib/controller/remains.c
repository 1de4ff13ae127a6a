#include "controller/remains.h"

#include "base/clock.h"
#include "base/datetime.h"
#include "base/parse.h"
#include "base/text.h"
#include "controller/commands.h"
#include "controller/engine_id.h"
#include "controller/fanout.h"
#include "controller/leftover.h"
#include "controller/reason.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOBS       32
#define TIMEOUT_NS (30 * NS_PER_SECOND)

static void
remain_release(struct remain *remain)
{
	free(remain->name);
	free(remain->id);
	free(remain->token);
	free(remain->state);
	free(remain->by);
}

void
remains_release(struct remains *remains)
{
	for (size_t i = 0; i < remains->count; i++)
		remain_release(&remains->list[i]);
	free(remains->list);
	*remains = (struct remains){.engines = remains->engines};
}

/* The length of the id in ID.ENGINE; 0: the name is not the engine's. */
static size_t
id_length(const char *name, const char *engine)
{
	const size_t all = strlen(name), last = strlen(engine);

	if (all < last + 2 || name[all - last - 1] != '.' || strcmp(name + all - last, engine) != 0)
		return 0;
	return all - last - 1;
}

/* Whether it is the part of another engine that shares the directory, whose own list has it, too. */
static bool
is_of_another(const struct engines *engines, const struct engine *engine, const char *name)
{
	for (size_t i = 0; i < engines->count; i++)
		if (&engines->list[i] != engine && id_length(name, engines->list[i].name) > 0 &&
		    strcmp(engines->list[i].directory, engine->directory) == 0)
			return true;
	return false;
}

/* NAME TOKEN STATE BYTES EXPIRES BY, which is taken apart. 0: it is none; -1: out of memory. */
static int
parse(char *line, const struct engine *engine, struct remain *remain)
{
	const char *name = strsep(&line, " "), *token = strsep(&line, " "),
		   *state = strsep(&line, " "), *bytes = strsep(&line, " "),
		   *expires = strsep(&line, " ");
	size_t length;

	*remain = (struct remain){.engine = engine};
	if (!expires || (!parse_is_name(name) && !parse_is_capture(name)) ||
	    (!parse_is_token(token) && strcmp(token, "-") != 0) || !parse_is_name(state) ||
	    parse_number(bytes, UINT64_MAX, &remain->bytes, NULL) < 0 ||
	    (strcmp(expires, "-") != 0 && parse_offset(expires, &remain->expires_ns, NULL) < 0) ||
	    remain->expires_ns < 0)
		return 0;
	length = id_length(name, engine->name);
	remain->name = strdup(name);
	remain->id = strndup(name, length ? length : strlen(name));
	remain->token = strdup(token);
	remain->state = strdup(state);
	remain->by = strdup(line && *line ? line : "-");
	if (!remain->name || !remain->id || !remain->token || !remain->state || !remain->by) {
		remain_release(remain);
		return -1;
	}
	remain->is_named = length > 0 && spool_id_is_valid(remain->id);
	return 1;
}

static int
add(struct remains *remains, const struct engine *engine, const char *value)
{
	char *line = strdup(value);
	struct remain remain, *list;
	int rc = line ? parse(line, engine, &remain) : -1;

	free(line);
	if (rc <= 0)
		return rc;
	if (is_of_another(remains->engines, engine, remain.name)) {
		remain_release(&remain);
		return 0;
	}
	list = realloc(remains->list, (remains->count + 1) * sizeof(*list));
	if (!list) {
		remain_release(&remain);
		return -1;
	}
	remains->list = list;
	list[remains->count++] = remain;
	return 0;
}

int
remains_add(struct remains *remains, const struct engine *engine, const struct keyval *answer,
	    const char *key, struct failure *why)
{
	for (size_t i = 0; i < answer->count; i++)
		if (strcmp(answer->pairs[i].key, key) == 0 &&
		    add(remains, engine, answer->pairs[i].value) < 0)
			return failure_nomem(why);
	return 0;
}

void
remains_removed(const char *engine, const char *errors, struct strvec *remarks)
{
	static const char prefix[] = "vcap-host: removed '";

	for (const char *line = errors; *line;) {
		const size_t length = strcspn(line, "\n");

		if (strncmp(line, prefix, sizeof(prefix) - 1) == 0)
			strvec_pushf(remarks, "engine '%s': %.*s", engine, (int)length - 11,
				     line + 11);
		line += length + (line[length] == '\n');
	}
}

/* What the answers to a round of questions go to. */
struct answers {
	struct remains *remains;
	struct strvec *remarks;
	int silent;
	bool failed; /* memory ran out */
};

static void
read_answer(const struct task *task, void *context)
{
	struct answers *answers = context;
	const struct engine *engine = engines_find(answers->remains->engines, task->name, NULL);
	char *reason, *rest = task->out;

	if (task->status == 0) {
		for (char *line; (line = strsep(&rest, "\n"));)
			answers->failed |= add(answers->remains, engine, line) < 0;
		remains_removed(task->name, task->err, answers->remarks);
		return;
	}
	answers->silent++;
	reason = reason_find(task->argv, task->status, task->err);
	strvec_pushf(answers->remarks, "engine '%s' did not tell what it has: %s", task->name,
		     reason && *reason ? reason : "no answer");
	free(reason);
}

/* Makes a task for each engine that is named (names NULL: all), and returns how many. -1: out of
 * memory. */
static int
make_tasks(const struct engines *engines, char *const *names, struct task *tasks,
	   struct strvec *remarks)
{
	int count = 0;

	for (size_t i = 0; i < engines->count; i++) {
		const struct engine *engine = &engines->list[i];
		char *const *name = names;

		while (name && *name && strcmp(*name, engine->name) != 0)
			name++;
		if (name && !*name)
			continue;
		if (engine->is_region) {
			if (name)
				strvec_pushf(remarks,
					     "engine '%s' is a region: 'vcap collect' there lists "
					     "what its engines have",
					     engine->name);
			continue;
		}
		tasks[count] = (struct task){
		    .name = engine->name, .argv = commands_list(engine), .child = PROCESS_INIT};
		if (!tasks[count++].argv)
			return -1;
	}
	return count;
}

int
remains_ask(struct remains *remains, char *const *names, size_t *asked, struct strvec *remarks,
	    struct failure *why)
{
	const size_t most = remains->engines->count;
	struct task *tasks = calloc(most + 1, sizeof(*tasks));
	struct answers answers = {.remains = remains, .remarks = remarks};
	int count = tasks ? make_tasks(remains->engines, names, tasks, remarks) : -1;
	int rc = count < 0 ? failure_nomem(why) : 0;

	*asked = count > 0 ? (size_t)count : 0;
	if (*asked > 0 && fanout_run(&(struct fanout){.tasks = tasks,
						      .count = *asked,
						      .jobs = JOBS,
						      .timeout_ns = TIMEOUT_NS,
						      .ended = read_answer,
						      .context = &answers},
				     why) < 0)
		rc = -1;
	if (rc == 0 && answers.failed)
		rc = failure_nomem(why);
	for (size_t i = 0; tasks && i < most; i++)
		strvec_free(tasks[i].argv);
	free(tasks);
	return rc < 0 ? -1 : answers.silent;
}

/* Sets what the spool knows of it, and then its id here. */
static void
look_up(struct remain *remain, config_variable *variable)
{
	const char *engine = remain->engine->name, *token;
	struct spool_entry entry;

	remain->known = REMAIN_UNKNOWN;
	if (!remain->is_named || engine_id_open(&entry, engine, remain->id, variable) < 0)
		return;
	token = spool_entry_token(&entry, engine);
	if (spool_entry_has_engine(&entry, engine) &&
	    strcmp(token ? token : "-", remain->token) == 0) {
		remain->known = !spool_entry_is_over(&entry)       ? REMAIN_BUSY
				: leftover_is_held(&entry, engine) ? REMAIN_HELD
								   : REMAIN_COPY;
		/* That is not longer. */
		strcpy(remain->id, entry.id);
	}
	spool_entry_close(&entry);
}

/* The captures of controllers first, from the newest to the oldest, and each one's engines by name. */
static int
compare(const void *one, const void *other)
{
	const struct remain *a = one, *b = other;
	int order = b->is_named - a->is_named;

	if (order == 0)
		order = a->is_named ? spool_id_compare(b->id, a->id) : strcmp(a->id, b->id);
	return order ? order : strcmp(a->engine->name, b->engine->name);
}

void
remains_look_up(struct remains *remains, config_variable *variable)
{
	for (size_t i = 0; i < remains->count; i++)
		look_up(&remains->list[i], variable);
	if (remains->count > 0)
		qsort(remains->list, remains->count, sizeof(*remains->list), compare);
}

static void
tell(const struct remain *remain, struct strvec *remarks)
{
	const char *engine = remain->engine->name;
	char time[DATETIME_TEXT], until[DATETIME_TEXT + 8] = "", size[TEXT_SIZE];
	const bool is_running = strcmp(remain->state, "running") == 0;

	if (remain->expires_ns)
		snprintf(until, sizeof(until), ", until %s",
			 datetime_format(remain->expires_ns, time));
	text_size(remain->bytes, size);
	if (remain->known == REMAIN_HELD)
		strvec_pushf(remarks,
			     "engine '%s' still has its part of '%s' (%s, %s%s): run "
			     "'vcap collect %s'",
			     engine, remain->id, remain->state, size, until, remain->id);
	else
		strvec_pushf(remarks,
			     "engine '%s' has '%s' (%s, %s%s), which %s: "
			     "'vcap-on %s vcap-host %s %s/%s' %s it",
			     engine, remain->id, remain->state, size, until,
			     remain->known == REMAIN_COPY ? "is complete here"
							  : "this spool does not know",
			     engine, is_running ? "stop" : "remove", remain->engine->directory,
			     remain->name, is_running ? "ends" : "removes");
}

void
remains_tell(const struct remains *remains, size_t max, struct strvec *remarks)
{
	for (size_t e = 0; e < remains->engines->count; e++) {
		const struct engine *engine = &remains->engines->list[e];
		size_t found = 0;

		for (size_t i = 0; i < remains->count; i++) {
			const struct remain *remain = &remains->list[i];

			if (remain->engine == engine && remain->is_named &&
			    remain->known != REMAIN_BUSY && found++ < max)
				tell(remain, remarks);
		}
		if (found > max)
			strvec_pushf(remarks,
				     "engine '%s' has %zu more: 'vcap collect -E %s' lists them",
				     engine->name, found - max, engine->name);
	}
}

struct table *
remains_table(const struct remains *remains, enum table_form form, struct failure *why)
{
	static const struct table_column columns[] = {{"ID", TABLE_TEXT, TABLE_ABOVE, 2},
						      {"ENGINE"},
						      {"STATE"},
						      {"SIZE", TABLE_NUMBER},
						      {"EXPIRES", TABLE_NUMBER},
						      {"KNOWN"},
						      {"BY", TABLE_TEXT, TABLE_BELOW, 1}};
	struct table *table = table_new("captures", columns, sizeof(columns) / sizeof(*columns));
	char head[DATETIME_TEXT];
	int rc = table ? table_head(table, "EXPIRES", datetime_head("EXPIRES", head), why)
		       : failure_nomem(why);

	for (size_t i = 0; i < remains->count && rc == 0; i++) {
		const struct remain *remain = &remains->list[i];
		char size[TEXT_SIZE], expires[40] = "";

		if (form == TABLE_HUMAN)
			text_size(remain->bytes, size);
		else
			snprintf(size, sizeof(size), "%" PRIu64, remain->bytes);
		if (remain->expires_ns && form == TABLE_HUMAN)
			datetime_format(remain->expires_ns, expires);
		else if (remain->expires_ns)
			snprintf(expires, sizeof(expires), CLOCK_FORMAT,
				 CLOCK_ARGS(remain->expires_ns));
		rc = table_add(
		    table,
		    (const char *const[]){remain->id, remain->engine->name, remain->state, size,
					  expires, remain->known == REMAIN_UNKNOWN ? "no" : "yes",
					  strcmp(remain->by, "-") == 0 ? NULL : remain->by},
		    why);
	}
	if (rc == 0)
		return table;
	table_free(table);
	return NULL;
}
