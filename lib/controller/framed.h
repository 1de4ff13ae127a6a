/*
 * A command of vcap's on an engine whose answer is told from what is printed there before it, by
 * `vcap-host answer` (base/answer.h). vcap-on does so when it is asked to: what it passes on are the
 * bytes of the answer alone.
 */
#ifndef VCAP_FRAMED_H
#define VCAP_FRAMED_H

#include "base/failure.h"
#include "controller/engine.h"

/* What happens to what is printed before the answer. */
enum framed_before { FRAMED_SKIP, FRAMED_TELL };

#define FRAMED_UNKNOWN (-2)

/*
 * Runs the command (NULL-ended) on the engine, to its end, on standard input, output and error, and
 * returns its exit status. vcap-on is found on PATH (cli_siblings_first).
 *
 * why->text is what there is to tell, or empty: that the engine did not answer, with the first line
 * that it printed instead, or within a minute (the status is not 0 then); with FRAMED_TELL, the first line that it
 * printed before a good answer.
 *
 * FRAMED_UNKNOWN: the engine has a vcap that does not know `answer`, so the command has not run;
 * nothing has been read from standard input or written. -1 with why: the command could not be run.
 */
int framed_run(const struct engine *engine, char *const *command, enum framed_before before,
	       struct failure *why);

/*
 * Of such a command for the engine called name that was run without vcap-on, and has ended with *status
 * (as process_wait returns it), out and err being all that it printed: the answer, in out; empty if
 * there is none. *status becomes FRAMED_UNKNOWN as above, or not 0 if there is no answer. *said: what
 * was said instead, err with the reason at its end (heap, the caller's); NULL: err.
 */
char *framed_take(const char *name, const char *nonce, int *status, char *out, const char *err,
		  char **said);

/* What is run there instead of the command. Heap, for strvec_free; NULL: out of memory. Pure. */
char **framed_command(const char *nonce, char *const *command);

#endif
