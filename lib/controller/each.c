#include "controller/each.h"

#include "base/process.h"
#include "controller/engine_state.h"
#include "controller/reason.h"
#include "controller/sshmux.h"

#include <stdlib.h>
#include <unistd.h>

char **
each_command(const struct spool_entry *entry, const struct strvec *engines,
	     struct each_options options, char *const *template)
{
	struct strvec argv = STRVEC_INIT;

	strvec_push(&argv, "vcap-each");
	if (engines) {
		strvec_push(&argv, "-E");
		strvec_push_nodup(&argv, strvec_join(engines, ","));
	}
	if (options.timeout)
		strvec_pushl(&argv, "-t", options.timeout, NULL);
	if (options.input)
		strvec_pushl(&argv, "-i", options.input, NULL);
	strvec_push(&argv, entry->id);
	strvec_pushv(&argv, template);
	return strvec_detach(&argv);
}

int
each_run(const struct spool_entry *entry, const struct strvec *engines, struct each_options options,
	 char *const *template, struct failure *why)
{
	char **argv;
	int status;

	if (engines && engines->count == 0)
		return 0;
	argv = each_command(entry, engines, options, template);
	status = argv ? process_run(argv, -1, STDERR_FILENO, STDERR_FILENO, -1, why)
		      : failure_nomem(why);
	strvec_free(argv);
	return status;
}

bool
each_has_asked(int status)
{
	return status == EXIT_DONE || status == EXIT_FAILED || status == EXIT_PARTIAL;
}

int
each_record(const struct spool_entry *entry, const struct task *task, struct failure *why)
{
	char *reason = reason_find(task->argv, task->status, task->err);
	int rc = engine_state_append_log(entry, task->name, task->err, why);

	if (task->status == EXIT_TIMEOUT)
		sshmux_drop(task->name);
	if (rc == 0)
		rc = engine_state_record(entry, task->name, task->out, reason, task->status, why);
	free(reason);
	return rc;
}
