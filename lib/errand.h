/*
 * One command for several engines of a capture, by vcap-each. What becomes of each is in its state
 * in the spool; complaints go to standard error.
 */
#ifndef VCAP_ERRAND_H
#define VCAP_ERRAND_H

#include "entry.h"
#include "failure.h"
#include "words.h"

/* vcap-each with the command (`{}` is the engine's name, `{dir}` the capture's directory there;
 * what follows `{region}` is for regions) for these engines, of which there is one at least.
 * timeout: of each; NULL: none. Heap, for words_free; NULL without memory. */
char **errand_command(const struct entry *entry, const struct words *engines, const char *timeout,
		      char *const *command);

/* Runs it, if there is any engine. -1: it could not be run at all. */
int errand_run(const struct entry *entry, const struct words *engines, const char *timeout,
	       char *const *command, struct failure *why);

#endif
