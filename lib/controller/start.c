#include "controller/start.h"
#include "controller/engine_state.h"

#include "base/process.h"
#include "base/strvec.h"
#include "controller/commands.h"
#include "controller/each.h"
#include "controller/waitproc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM_TEXT_MAX (256u << 10) /* 4096 instructions of at most 30 characters, and more */

/* What vcap-filter, run as argv, prints when it reads input (NULL: it reads none): heap, in
 * *program. Returns as start_compile. */
static int
compile(char *const *argv, const char *input, char **program, struct failure *why)
{
	int out = process_output_open(PROGRAM_TEXT_MAX, why), in = -1, status = -1;

	*program = NULL;
	if (input)
		in = process_input_open(input, strlen(input), why);
	if (!argv)
		failure_nomem(why);
	else if (out >= 0 && (in >= 0 || !input))
		status = process_run(argv, in, out, STDERR_FILENO, -1, why);
	if (status == 0 && !(*program = process_output_text(out)))
		status = failure_nomem(why);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return status;
}

int
start_compile(struct params *params, struct failure *why)
{
	char **argv = commands_filter(params), *program;
	int status = compile(argv, params->input, &program, why);

	strvec_free(argv);
	params->filter = program;
	return status == 0 ? start_compile_expression(params, why) : status;
}

int
start_compile_expression(struct params *params, struct failure *why)
{
	char **argv;
	int status;

	if (!params->expression || !params->joins)
		return 0;
	argv = commands_expression(params);
	status = compile(argv, NULL, &params->bytecode, why);
	strvec_free(argv);
	if (status != 0)
		return status;
	/* At most 23 bytes an instruction, 94,208: a shell takes 131,072 as a command. */
	for (char *s = params->bytecode; *s; s++)
		if (*s == '\n')
			*s = s[1] ? ',' : '\0';
	return 0;
}

/* Takes down the engines that do not capture, and returns how many do. */
static int
count_started(struct spool_entry *entry, struct failure *why)
{
	struct strvec names = spool_entry_engines(entry);
	int started = 0;

	for (size_t i = 0; i < names.count && started >= 0; i++) {
		char *reason = engine_state_failure(entry, names.list[i]);

		if (!reason)
			started++;
		else if (spool_entry_add_missing(entry, names.list[i], reason, why) < 0)
			started = -1;
		free(reason);
	}
	strvec_release(&names);
	return started;
}

int
start_engines(const struct params *params, struct spool_entry *entry, struct failure *why)
{
	char *job = spool_entry_file(entry, "job");
	char **template = commands_start(params);
	int rc = job && template
		     ? each_run(entry, NULL, (struct each_options){.timeout = "60s", .input = job},
				template, why)
		     : failure_nomem(why);

	strvec_free(template);
	free(job);
	return rc < 0 ? -1 : count_started(entry, why);
}

int
start_now(const struct params *params, struct spool_entry *entry, struct failure *why)
{
	int started = params_store(params, entry->dir, why);

	if (started == 0)
		started = start_engines(params, entry, why);
	return started == 0 ? failure_set(why, "no engine of '%s' captures", params->service)
			    : started;
}

int
start_waiting(struct spool_entry *entry, struct failure *why)
{
	return spool_entry_set_state(entry, CAPTURE_CAPTURING, NULL, why) < 0
		   ? -1
		   : waitproc_start(entry, why);
}

int
start_later(const struct params *params, struct spool_entry *entry, struct failure *why)
{
	if (params_store(params, entry->dir, why) < 0 ||
	    spool_entry_set_state(entry, CAPTURE_WAITING, NULL, why) < 0)
		return -1;
	return waitproc_start(entry, why);
}
