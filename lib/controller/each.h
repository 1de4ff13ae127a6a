/*
 * Runs vcap-each: one command for several engines of a capture. Its result for each engine is
 * stored in the engine's state in the spool; messages go to standard error.
 */
#ifndef VCAP_EACH_H
#define VCAP_EACH_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/fanout.h"
#include "controller/spool_entry.h"

#include <stdbool.h>

struct each_options {
	const char *timeout; /* of the command on each engine, with a unit; NULL: none */
	const char *input;   /* path of each command's standard input; NULL: /dev/null */
};

/* The arguments of vcap-each with a template (commands.h) for these engines (at least one; NULL:
 * all of the capture). Heap, for strvec_free; NULL: out of memory. */
char **each_command(const struct spool_entry *entry, const struct strvec *engines,
		    struct each_options options, char *const *template);

/* Runs that, unless engines is empty. Returns the exit status of vcap-each (0 for no engine), which
 * is not 0 if the command failed on any engine; -1 with why: vcap-each could not be run. */
int each_run(const struct spool_entry *entry, const struct strvec *engines,
	     struct each_options options, char *const *template, struct failure *why);

/* Whether, by the status of each_run, all engines were asked and the state of each has its result.
 * Otherwise (vcap-each was killed, say) a state may be older. */
bool each_has_asked(int status);

/* Stores the result of a command in the state and the log of its engine. One that has not answered
 * in time loses its ssh connection (sshmux.h). -1 with why: they could not be stored. */
int each_record(const struct spool_entry *entry, const struct task *task, struct failure *why);

#endif
