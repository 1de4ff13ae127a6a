/*
 * vcap-each: one command for several engines of a capture. How it ends for each is in the engine's
 * state in the spool; errors go to standard error.
 */
#ifndef VCAP_EACH_H
#define VCAP_EACH_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/spool_entry.h"

struct each_options {
	const char *timeout; /* for the command on each engine, with its unit; NULL: none */
	const char *input;   /* the file that each reads; NULL: nothing */
};

/* vcap-each with a template (commands.h) for these engines, at least one; NULL: for all of the
 * capture. Heap, for strvec_free; NULL without memory. */
char **each_command(const struct spool_entry *entry, const struct strvec *engines,
		    struct each_options options, char *const *template);

/* Runs it, unless engines is empty. Returns the exit status of vcap-each (0 for no engine), which
 * is not 0 if the command failed on any; -1 if vcap-each could not be run. */
int each_run(const struct spool_entry *entry, const struct strvec *engines,
	     struct each_options options, char *const *template, struct failure *why);

#endif
