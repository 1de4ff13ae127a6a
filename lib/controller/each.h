/*
 * One command for several engines of a capture, by vcap-each. What becomes of each is in its state
 * in the spool; complaints go to standard error.
 */
#ifndef VCAP_EACH_H
#define VCAP_EACH_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/spool_entry.h"

/* vcap-each with the command (`{}` is the engine's name, `{dir}` the capture's directory there;
 * what follows `{region}` is for regions) for these engines, of which there is one at least.
 * timeout: of each; NULL: none. Heap, for strvec_free; NULL without memory. */
char **each_command(const struct spool_entry *entry, const struct strvec *engines,
		    const char *timeout, char *const *command);

/* Runs it, if there is any engine. -1: it could not be run at all. */
int each_run(const struct spool_entry *entry, const struct strvec *engines, const char *timeout,
	     char *const *command, struct failure *why);

#endif
