#include "checkup.h"

#include "fanout.h"
#include "parse.h"

#include <stdlib.h>
#include <string.h>

#define PATIENCE_NS (30 * NS_PER_SECOND)

void
checkup_release(struct checkup *checkup)
{
	keyval_release(&checkup->said);
	words_free(words_finish(&checkup->addresses));
	*checkup = CHECKUP_INIT;
}

static struct checkup *
find(struct checkup *list, const char *name)
{
	while (strcmp(list->engine->name, name) != 0)
		list++;
	return list;
}

/* The last line of what a command complained about, without the names of commands before it. */
static void
set_trouble(struct checkup *checkup, const struct task *task)
{
	char *text = task->err;
	size_t length = strlen(text);
	char *line;

	while (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	if (task->status == CHILD_TIMEOUT)
		failure_set(&checkup->trouble, "no answer in time");
	else if (strncmp(line, "vcap-host: ", 11) == 0)
		failure_set(&checkup->trouble, "%s", line + 11);
	else
		failure_set(&checkup->trouble, "%s", *line ? line : "no answer");
}

/* Status 0: it could capture; 1 with an answer: it could not; anything else is no answer. */
static void
take_answer(const struct task *task, void *context)
{
	struct checkup *checkup = find(context, task->name);
	struct keyval said = KEYVAL_INIT;

	if (task->status <= 1 && keyval_parse(&said, task->out, NULL) == 0 &&
	    keyval_get(&said, "version")) {
		checkup->said = said;
		checkup->is_reached = true;
		checkup->is_ready = task->status == 0;
	} else {
		keyval_release(&said);
	}
	if (!checkup->is_ready)
		set_trouble(checkup, task);
}

static void
take_clock(const struct task *task, void *context)
{
	struct checkup *checkup = find(context, task->name);
	struct keyval said = KEYVAL_INIT;

	if (task->status == 0 && keyval_parse(&said, task->out, NULL) == 0)
		checkup->has_clock = skew_read(&checkup->skew, &said, "clock");
	keyval_release(&said);
}

static char **
check_command(const struct checkup *checkup)
{
	struct words argv = WORDS_INIT;

	words_add_all(&argv, (char *const[]){"vcap-on", checkup->engine->name, NULL});
	words_add(&argv, checkup->engine->is_region ? "vcap-region" : "vcap-host");
	words_add(&argv, "check");
	if (checkup->engine->is_region)
		return words_finish(&argv);
	for (char **name = checkup->engine->interfaces; name && *name; name++) {
		words_add(&argv, "-i");
		words_add(&argv, *name);
	}
	words_add(&argv, checkup->engine->directory);
	if (checkup->addresses.list)
		words_add_all(&argv, checkup->addresses.list);
	return words_finish(&argv);
}

static char **
clock_command(const struct checkup *checkup)
{
	struct words argv = WORDS_INIT;

	words_add_all(&argv, (char *const[]){"vcap-clock", checkup->engine->name, NULL});
	return words_finish(&argv);
}

/* Runs a command for each, or, if only_reached, for each that has answered. */
static int
ask(struct checkup *list, size_t count, size_t jobs, bool only_reached,
    char **(*command)(const struct checkup *checkup), fanout_ended *ended, struct failure *why)
{
	struct task *tasks = calloc(count + 1, sizeof(*tasks));
	size_t asked = 0;
	int rc = tasks ? 0 : failure_set(why, "out of memory");

	for (size_t i = 0; i < count && rc == 0; i++) {
		if (only_reached && !list[i].is_reached)
			continue;
		tasks[asked].name = list[i].engine->name;
		tasks[asked].child = CHILD_INIT;
		tasks[asked].argv = command(&list[i]);
		if (!tasks[asked++].argv)
			rc = failure_set(why, "out of memory");
	}
	if (rc == 0 && asked > 0 &&
	    fanout_run(tasks, asked, jobs, NULL, PATIENCE_NS, ended, list, why) < 0)
		rc = -1;
	for (size_t i = 0; i < asked; i++)
		words_free((char **)tasks[i].argv);
	free(tasks);
	return rc;
}

int
checkups_run(struct checkup *list, size_t count, size_t jobs, struct failure *why)
{
	if (ask(list, count, jobs, false, check_command, take_answer, why) < 0)
		return -1;
	return ask(list, count, jobs, true, clock_command, take_clock, why);
}

char *
checkup_values(const struct checkup *checkup, const char *key)
{
	struct words values = WORDS_INIT;
	char *text;

	for (size_t i = 0; i < checkup->said.count; i++)
		if (strcmp(checkup->said.pairs[i].key, key) == 0)
			words_add(&values, checkup->said.pairs[i].value);
	text = words_join(&values, " ");
	words_free(words_finish(&values));
	return text;
}
