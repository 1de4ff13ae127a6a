#include "controller/enginecheck.h"

#include "base/abilities.h"
#include "base/clock.h"
#include "base/mounts.h"
#include "controller/commands.h"
#include "controller/fanout.h"
#include "controller/reason.h"
#include "controller/remains.h"

#include <stdlib.h>
#include <string.h>

#define TIMEOUT_NS  (30 * NS_PER_SECOND)
#define REMARKS_MAX 10 /* an engine, of what is left there */

void
enginecheck_add_vips(struct strvec *addresses, const struct service *service)
{
	for (size_t i = 0; i < service->vip_count; i++) {
		const struct endpoint *vip = &service->vips[i];
		char text[ADDR_TEXT];

		addr_format((struct addr){vip->family, vip->addresses.first}, text, sizeof(text));
		if (!strvec_has(addresses, text))
			strvec_push(addresses, text);
	}
}

void
enginecheck_release(struct enginecheck *check)
{
	keyval_release(&check->answer);
	keyval_release(&check->losses);
	strvec_release(&check->addresses);
	strvec_release(&check->removed);
	*check = ENGINECHECK_INIT;
}

static struct enginecheck *
find(struct enginecheck *list, const char *name)
{
	while (strcmp(list->engine->name, name) != 0)
		list++;
	return list;
}

/* Sets the problem to the reason for which a command failed, without the prefix of vcap-host. */
static void
set_problem(struct enginecheck *check, const struct task *task)
{
	char *reason = reason_find(task->argv, task->status, task->err);
	const char *line = reason && *reason ? reason : "no answer";
	char *text;

	check->reach = remedy_reach(line);
	line += strncmp(line, "vcap-host: ", 11) == 0 ? 11 : 0;
	text = remedy_add(check->engine, line);
	failure_set(&check->problem, "%s", text ? text : line);
	free(text);
	free(reason);
}

/* Sets the remark to the line of vcap-on that tells what was printed before the answer (framed.h). */
static void
set_remark(struct enginecheck *check, const char *errors)
{
	static const char name[] = "vcap-on: ";
	const char *line = strstr(errors, name);

	if (!line)
		return;
	line += sizeof(name) - 1;
	if (strstr(line, " prints: '"))
		failure_set(&check->remark, "%.*s", (int)strcspn(line, "\n"), line);
}

/* Status 0: the engine can capture; 1 with a version: it cannot; otherwise it was not reached. */
static void
read_check(const struct task *task, void *context)
{
	struct enginecheck *check = find(context, task->name);
	struct keyval answer = KEYVAL_INIT;
	struct failure garbled = FAILURE_INIT;

	if (task->status <= 1 && keyval_parse(&answer, task->out, &garbled) == 0 &&
	    keyval_get(&answer, "version")) {
		check->answer = answer;
		check->is_reached = true;
		check->is_ready = task->status == 0;
		set_remark(check, task->err);
		remains_removed(task->name, task->err, &check->removed);
	} else {
		keyval_release(&answer);
	}
	if (!check->is_ready)
		set_problem(check, task);
	if (garbled.text[0])
		failure_set(&check->problem, "something else is in its answer: %s", garbled.text);
}

/* A capture sends its job, and what comes back has an end: neither may be somebody else's. */
static void
read_clock(const struct task *task, void *context)
{
	static const char name[] = "vcap-clock: ";
	struct enginecheck *check = find(context, task->name);
	const char *line = strstr(task->err, name);
	struct keyval answer = KEYVAL_INIT;

	if (task->status == 0 && keyval_parse(&answer, task->out, NULL) == 0)
		check->has_clock = clock_offset_read(&check->offset, &answer, "clock");
	keyval_release(&answer);
	if (!check->is_ready)
		return;
	if (!check->has_clock)
		failure_set(
		    &check->problem,
		    "does not answer what is sent to it: its login shell may read standard input");
	else if (line)
		failure_set(&check->problem, "%.*s: its login shell must not",
			    (int)strcspn(line, "\n") - (int)sizeof(name) + 1,
			    line + sizeof(name) - 1);
	check->is_ready = check->has_clock && !line;
}

static void
read_trial(const struct task *task, void *context)
{
	struct enginecheck *check = find(context, task->name);

	check->is_ready = task->status == 0;
	if (!check->is_ready)
		set_problem(check, task);
}

static void
read_mounts(const struct task *task, void *context)
{
	struct enginecheck *check = find(context, task->name);

	if (task->status == 0 && mounts_have(task->out, check->engine->bin, "noexec"))
		failure_set(&check->problem,
			    "'%s' is on a file system mounted noexec (set bin= of '%s' in the "
			    "engines file to another directory, then 'vcap push %s')",
			    check->engine->bin, task->name, task->name);
}

static void
read_losses(const struct task *task, void *context)
{
	struct enginecheck *check = find(context, task->name);

	if (task->status != 0 || keyval_parse(&check->losses, task->out, NULL) < 0 ||
	    !keyval_get(&check->losses, "losses"))
		failure_set(&check->remark, "cannot say what it loses");
}

static bool
was_reached(const struct enginecheck *check)
{
	return check->is_reached;
}

static bool
is_able(const struct enginecheck *check, const char *ability)
{
	const char *said = keyval_get(&check->answer, "abilities");
	char *lacking = check->engine->is_region ? NULL : abilities_lacking(ability, said);
	const bool can = lacking && !*lacking;

	free(lacking);
	return can;
}

static bool
can_try(const struct enginecheck *check)
{
	return check->is_ready && is_able(check, "trial");
}

static bool
can_tell_losses(const struct enginecheck *check)
{
	return check->is_reached && is_able(check, "losses");
}

/* Somebody answered, and nothing of vcap's could be run. */
static bool
may_be_noexec(const struct enginecheck *check)
{
	return !check->is_reached && check->reach == REMEDY_REFUSED && check->engine->bin &&
	       !check->engine->is_region && strstr(check->problem.text, "ermission denied");
}

static char **
mounts_command(const struct enginecheck *check)
{
	return commands_mounts(check->engine);
}

static char **
trial_command(const struct enginecheck *check)
{
	return commands_trial(check->engine);
}

static char **
losses_command(const struct enginecheck *check)
{
	return commands_losses(check->engine);
}

static char **
check_command(const struct enginecheck *check)
{
	return commands_check(check->engine, &check->addresses);
}

static char **
clock_command(const struct enginecheck *check)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-clock", check->engine->name, NULL);
	return strvec_detach(&argv);
}

/* A command to run for all engines in parallel, and the function that reads its output. */
struct round {
	char **(*command)(const struct enginecheck *check);
	fanout_ended *ended;
	bool (*is_for)(const struct enginecheck *check); /* whether it is asked; NULL: all are */
};

static const struct round check_round = {check_command, read_check, NULL};
static const struct round mounts_round = {mounts_command, read_mounts, may_be_noexec};
static const struct round clock_round = {clock_command, read_clock, was_reached};
static const struct round trial_round = {trial_command, read_trial, can_try};
static const struct round losses_round = {losses_command, read_losses, can_tell_losses};

static int
run_round(const struct round *round, struct enginecheck *list, size_t count, size_t jobs,
	  struct failure *why)
{
	struct task *tasks = calloc(count + 1, sizeof(*tasks));
	size_t asked = 0;
	int rc = tasks ? 0 : failure_nomem(why);

	for (size_t i = 0; i < count && rc == 0; i++) {
		if (round->is_for && !round->is_for(&list[i]))
			continue;
		tasks[asked].name = list[i].engine->name;
		tasks[asked].child = PROCESS_INIT;
		tasks[asked].argv = round->command(&list[i]);
		if (!tasks[asked++].argv)
			rc = failure_nomem(why);
	}
	if (rc == 0 && asked > 0 &&
	    fanout_run(&(struct fanout){.tasks = tasks,
					.count = asked,
					.jobs = jobs,
					.timeout_ns = TIMEOUT_NS,
					.ended = round->ended,
					.context = list},
		       why) < 0)
		rc = -1;
	for (size_t i = 0; i < asked; i++)
		strvec_free(tasks[i].argv);
	free(tasks);
	return rc;
}

int
enginechecks_run(struct enginecheck *list, size_t count, size_t jobs, struct failure *why)
{
	if (run_round(&check_round, list, count, jobs, why) < 0 ||
	    run_round(&mounts_round, list, count, jobs, why) < 0)
		return -1;
	return run_round(&clock_round, list, count, jobs, why);
}

int
enginechecks_try(struct enginecheck *list, size_t count, size_t jobs, struct failure *why)
{
	return run_round(&trial_round, list, count, jobs, why);
}

int
enginechecks_losses(struct enginecheck *list, size_t count, size_t jobs, struct failure *why)
{
	return run_round(&losses_round, list, count, jobs, why);
}

void
enginechecks_remains(const struct enginecheck *list, size_t count, const struct engines *known,
		     config_variable *variable, struct strvec *remarks)
{
	struct remains remains = {.engines = known};

	for (size_t i = 0; i < count; i++) {
		if (list[i].removed.count > 0)
			strvec_pushv(remarks, list[i].removed.list);
		/* A remark that memory does not suffice for is not worth a failure. */
		if (!list[i].engine->is_region)
			remains_add(&remains, list[i].engine, &list[i].answer, "capture", NULL);
	}
	remains_look_up(&remains, variable);
	remains_tell(&remains, REMARKS_MAX, remarks);
	remains_release(&remains);
}

char *
enginecheck_values(const struct enginecheck *check, const char *key)
{
	struct strvec values = STRVEC_INIT;
	char *text;

	for (size_t i = 0; i < check->answer.count; i++)
		if (strcmp(check->answer.pairs[i].key, key) == 0)
			strvec_push(&values, check->answer.pairs[i].value);
	text = strvec_join(&values, " ");
	strvec_release(&values);
	return text;
}
