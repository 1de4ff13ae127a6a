/*
 * The order of the steps leaves nothing behind when one fails. The filter is compiled first, since
 * an expression or a spec may be wrong. The parameters are stored before any engine is started, so
 * that a vcap-wait can continue from the spool if this process is killed. An engine that cannot be
 * started is recorded as missing and does not stop the others; only if no engine captures does the
 * start fail, and the capture is withdrawn.
 */
#include "controller/start.h"

#include "base/errtext.h"
#include "base/exitcode.h"
#include "base/fileio.h"
#include "base/process.h"
#include "base/strvec.h"
#include "controller/ability.h"
#include "controller/capture_audit.h"
#include "controller/commands.h"
#include "controller/each.h"
#include "controller/engine_id.h"
#include "controller/engine_state.h"
#include "controller/orphans.h"
#include "controller/remedy.h"
#include "controller/sshmux.h"
#include "controller/waitproc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM_TEXT_MAX (256u << 10) /* 4096 instructions of at most 30 characters, and more */

/* Runs argv, a vcap-filter, on input (NULL: none), with this standard error, and stores its output in
 * *program (heap; NULL on failure). Returns as start_compile. */
static int
compile(char *const *argv, const char *input, int err, char **program, struct failure *why)
{
	int out = process_output_open(PROGRAM_TEXT_MAX, why), in = -1, status = -1;

	*program = NULL;
	if (input)
		in = process_input_open(input, strlen(input), why);
	if (!argv)
		failure_nomem(why);
	else if (out >= 0 && (in >= 0 || !input))
		status = process_run(argv, in, out, err, -1, why);
	if (status == 0 && !(*program = process_output_text(out)))
		status = failure_nomem(why);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return status;
}

/* The expressions of triggers. Returns as start_compile. */
static int
compile_triggers(struct params *params, struct failure *why)
{
	struct trigger_params *triggers = &params->triggers;
	int status = 0;

	for (size_t i = 0; i < triggers->words.count && status == 0; i++) {
		const struct params one = {.expression = trigger_params_expression(triggers, i)};
		char **argv = one.expression ? commands_expression(&one) : NULL, *program = NULL;

		if (one.expression)
			status = compile(argv, NULL, STDERR_FILENO, &program, why);
		if (status == 0)
			status = trigger_params_tell(triggers, i, program, why);
		strvec_free(argv);
		free(program);
	}
	return status;
}

static int
compile_filter_of(struct params *params, int err, struct failure *why)
{
	char **argv = commands_filter(params), *program;
	int status = compile(argv, params->input, err, &program, why);

	strvec_free(argv);
	params->filter = program;
	return status;
}

/* As compile_filter_of; what an engine has said is no reason to capture nothing. */
static int
compile_or_do_without(struct params *params, struct failure *why)
{
	struct errtext said;
	int status;

	if (!params->file_text)
		return compile_filter_of(params, STDERR_FILENO, why);
	said = errtext_open();
	status = compile_filter_of(params, said.fd, why);
	if (status == 0) {
		errtext_show(&said);
		return 0;
	}
	fileio_close(&said.fd);
	params->word = params->file_word;
	params->service_text = params->file_text;
	return compile_filter_of(params, STDERR_FILENO, why);
}

int
start_compile(struct params *params, struct failure *why)
{
	int status = compile_or_do_without(params, why);

	if (status == 0)
		status = compile_triggers(params, why);
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
	status = compile(argv, NULL, STDERR_FILENO, &params->bytecode, why);
	strvec_free(argv);
	if (status != 0)
		return status;
	/* At most 23 bytes for each of 4096 instructions, 94,208: below the 131,072 of an argument
	 * (MAX_ARG_STRLEN). */
	for (char *s = params->bytecode; *s; s++)
		if (*s == '\n')
			*s = s[1] ? ',' : '\0';
	return 0;
}

/* Starts the engines that have refused an option, or the id, again: without that option, by another id,
 * until none has. Each round leaves out one option more, or counts on. */
static int
start_again(struct spool_entry *entry, struct each_options options, char *const *template,
	    struct failure *why)
{
	size_t count = 1;
	int rc = 0;

	while (count > 0 && rc >= 0) {
		struct strvec engines = STRVEC_INIT;

		rc = ability_learn(entry, &engines, why);
		if (rc == 0)
			rc = engine_id_renumber(entry, &engines, why);
		count = engines.count;
		if (rc == 0)
			rc = each_run(entry, &engines, options, template, why);
		strvec_release(&engines);
	}
	return rc;
}

/* No engine captures: sets why to that, and to where something may be left all the same. Returns 0;
 * -1 if the engines could not be asked. */
static int
give_up(const char *service, struct spool_entry *entry, struct failure *why)
{
	struct strvec left = STRVEC_INIT;
	int rc = orphans_end(entry, &left, why);
	char *names = strvec_join(&left, "', '");

	if (rc == 0 && left.count > 0)
		failure_set(why, "no engine of '%s' captures; something may have begun on '%s'",
			    service, names ? names : "");
	else if (rc == 0)
		failure_set(why, "no engine of '%s' captures", service);
	free(names);
	strvec_release(&left);
	sshmux_end(entry);
	return rc;
}

/* Adds the engines that do not capture to the missing ones. Returns the number of the others, or
 * -1. */
static int
count_started(struct spool_entry *entry, struct failure *why)
{
	struct strvec names = spool_entry_engines(entry);
	struct engines engines = ENGINES_INIT;
	int started = 0;

	/* Without them there is no remedy to tell. */
	(void)engines_load(&engines, getenv, NULL);

	for (size_t i = 0; i < names.count && started >= 0; i++) {
		char *bare = engine_state_failure(entry, names.list[i]), *reason = NULL;

		if (bare)
			reason = remedy_add(engines_find(&engines, names.list[i], NULL), bare);
		free(bare);

		if (!reason)
			started++;
		else if ((engine_state_is_refusal(entry, names.list[i])
			      ? spool_entry_add_missing(entry, names.list[i], reason, why)
			      : spool_entry_add_pending(entry, names.list[i], reason, why)) < 0)
			started = -1;
		free(reason);
	}
	engines_release(&engines);
	strvec_release(&names);
	return started;
}

int
start_engines(const struct params *params, struct spool_entry *entry, struct failure *why)
{
	char *job = spool_entry_file(entry, "job");
	char **template = commands_start(params);
	const struct each_options options = {.timeout = "60s", .input = job};
	int rc = job && template ? sshmux_make(entry, getenv, why) : failure_nomem(why);
	int started = -1;

	if (rc == 0)
		rc = each_run(entry, NULL, options, template, why);
	if (rc > 0)
		rc = start_again(entry, options, template, why);
	if (rc >= 0)
		started = count_started(entry, why);
	strvec_free(template);
	free(job);
	if (started == 0)
		started = give_up(params->service, entry, why);
	return started;
}

/* Whether it says so (reason.h). What was begun all the same is found at the end (orphans.h). */
static bool
is_out_of_reach(const char *reason)
{
	return strncmp(reason, "not reached: ", 13) == 0;
}

/* Returns the number of engines that do not capture. */
static size_t
report_missing(const struct spool_entry *entry, start_report *report)
{
	struct strvec names = spool_entry_engines(entry);
	size_t missing = 0;

	for (size_t i = 0; i < names.count; i++) {
		const char *reason = spool_entry_missing_reason(entry, names.list[i]);

		if (!reason)
			continue;
		report(names.list[i],
		       spool_entry_is_pending(entry, names.list[i]) && !is_out_of_reach(reason)
			   ? START_UNKNOWN
			   : START_REFUSED,
		       reason);
		missing++;
	}
	strvec_release(&names);
	return missing;
}

int
start_capture(const struct params *params, struct spool_entry *entry, config_variable *variable,
	      start_report *report, bool *is_running, struct failure *why)
{
	const enum capture_state state = params->at_ns ? CAPTURE_WAITING : CAPTURE_CAPTURING;
	size_t missing = 0;
	int rc = capture_audit(entry, CAPTURE_AUDIT_START, NULL, variable, why);

	*is_running = false;
	if (rc == 0)
		rc = params_store(params, entry->dir, why);
	if (rc == 0 && !params->at_ns) {
		rc = start_engines(params, entry, why);
		missing = report_missing(entry, report);
		*is_running = rc > 0;
		if (rc == 0)
			return -1;
	}
	if (rc < 0 || spool_entry_set_state(entry, state, NULL, why) < 0 ||
	    waitproc_start(entry, why) < 0)
		return -1;
	*is_running = true;
	return missing ? EXIT_PARTIAL : EXIT_DONE;
}
