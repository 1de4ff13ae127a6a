/*
 * An engine that does not know `answer` has not run the command (framed.h), and is asked again by
 * vcap-on, which asks in the plain way then. So is one whose transport could not be started here:
 * vcap-on says why.
 */
#include "controller/eachrun.h"

#include "base/answer.h"
#include "base/exitcode.h"
#include "controller/ability.h"
#include "controller/commands.h"
#include "controller/each.h"
#include "controller/engine_id.h"
#include "controller/fanout.h"
#include "controller/framed.h"
#include "controller/transport.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct work {
	const struct eachrun *run;
	const struct spool_entry *entry;
	struct task *tasks;
	char (*nonces)[ANSWER_NONCE]; /* of the tasks whose answer is framed here; else empty */
	bool *is_unknown;             /* is to be asked in the plain way */
	int unknown, failed;          /* how many */
};

static void
record(const struct task *task, void *context)
{
	struct work *work = context;
	const size_t number = (size_t)(task - work->tasks);
	struct task result = *task;
	struct failure why = FAILURE_INIT;
	char *said = NULL;

	if (*work->nonces[number]) {
		result.out = framed_take(task->name, work->nonces[number], &result.status,
					 task->out, task->err, &said);
		result.err = said ? said : task->err;
	}
	/* The reason is that of what vcap-on would have run. */
	if (task->plain)
		result.argv = task->plain;
	if (result.status == FRAMED_UNKNOWN) {
		work->is_unknown[number] = true;
		work->unknown++;
	} else {
		work->failed += result.status != 0;
		if (each_record(work->entry, &result, &why) < 0)
			work->run->remark("%s", why.text);
	}
	free(said);
}

/* The command for an engine. vcap-on reports one that is not in the engines file any more. */
static char **
command_for(const struct engines *engines, const struct spool_entry *entry, const char *name,
	    char *const *template)
{
	const struct engine *engine = engines_find(engines, name, NULL);
	struct strvec unknown = STRVEC_INIT;

	if (engine)
		return commands_expand(engine, engine_id(entry, name),
				       ability_told(entry, name, engines->audit), template);
	strvec_pushl(&unknown, "vcap-on", name, "true", NULL);
	return strvec_detach(&unknown);
}

/* Whether that is a vcap-on in whose place its command can be run: ssh is made again by it. */
static bool
is_framed(const struct engine *engine, char *const *argv)
{
	return engine && engine->transport != ENGINE_SSH && strcmp(argv[0], "vcap-on") == 0 &&
	       argv[1] && strcmp(argv[1], "--answer=skip") == 0 && argv[2] &&
	       strcmp(argv[2], engine->name) == 0 && argv[3];
}

/* Replaces the vcap-on of a task by what it would run. */
static int
frame(struct task *task, const struct engine *engine, char nonce[ANSWER_NONCE], struct failure *why)
{
	char **framed, **argv;

	if (engine->transport == ENGINE_LOCAL) {
		argv = transport_command(engine, task->argv + 3);
	} else {
		if (answer_draw(nonce, why) < 0)
			return -1;
		framed = framed_command(nonce, task->argv + 3);
		argv = framed ? transport_command(engine, framed) : NULL;
		strvec_free(framed);
	}
	if (!argv)
		return failure_nomem(why);
	task->plain = task->argv;
	task->argv = argv;
	return 0;
}

static int
make_task(struct work *work, size_t number, const struct engines *engines, struct failure *why)
{
	struct task *task = &work->tasks[number];
	const char *name = work->run->names.list[number];
	const struct engine *engine = engines_find(engines, name, NULL);

	*task = (struct task){.name = name, .child = PROCESS_INIT};
	task->argv = command_for(engines, work->entry, name, work->run->template);
	if (!task->argv)
		return failure_nomem(why);
	return is_framed(engine, task->argv) ? frame(task, engine, work->nonces[number], why) : 0;
}

/* Runs those again that have to be asked in the plain way, and no other. */
static int
run_plainly(struct work *work, struct fanout *fanout, struct failure *why)
{
	for (size_t i = 0; i < fanout->count; i++) {
		struct task *task = &work->tasks[i];

		strvec_free(task->argv);
		task->argv = work->is_unknown[i] ? task->plain : NULL;
		if (!work->is_unknown[i])
			strvec_free(task->plain);
		task->plain = NULL;
		work->is_unknown[i] = false;
		*work->nonces[i] = '\0';
	}
	return fanout_run(fanout, why);
}

int
eachrun(const struct eachrun *run, const struct spool_entry *entry, const struct engines *engines,
	struct failure *why)
{
	const size_t count = run->names.count;
	struct work work = {
	    .run = run,
	    .entry = entry,
	    .tasks = calloc(count + 1, sizeof(*work.tasks)),
	    .nonces = calloc(count + 1, sizeof(*work.nonces)),
	    .is_unknown = calloc(count + 1, sizeof(*work.is_unknown)),
	};
	struct fanout fanout = {
	    .tasks = work.tasks,
	    .count = count,
	    .jobs = run->jobs,
	    .input = run->input,
	    .timeout_ns = run->timeout_ns,
	    .ended = record,
	    .context = &work,
	};
	int rc = work.tasks && work.nonces && work.is_unknown ? 0 : failure_nomem(why);

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = make_task(&work, i, engines, why);
	if (rc == 0)
		rc = fanout_run(&fanout, why);
	if (rc >= 0 && work.unknown > 0)
		rc = run_plainly(&work, &fanout, why);
	for (size_t i = 0; i < count && work.tasks; i++) {
		strvec_free(work.tasks[i].argv);
		strvec_free(work.tasks[i].plain);
	}
	free(work.tasks);
	free(work.nonces);
	free(work.is_unknown);
	return rc < 0 ? -1 : work.failed;
}
