/*
 * The read-eval-print loop of vcap shell.
 */
#ifndef VCAP_REPL_H
#define VCAP_REPL_H

#include "shell/shell_state.h"

/* Opens the terminal as shell->lines, which the caller closes, with completion and the history in
 * the spool; warns if there can be no history. From now on ^C reaches only the commands that the
 * shell runs. -1: the terminal cannot be used. */
int repl_open_terminal(struct shell *shell);

/* Executes the lines of shell->lines up to their end or `exit`, and reports each failure; a script
 * ends at the first. Returns the exit code: of a script that of the line it ended at, or
 * EXIT_FAILED if its end loses unsaved settings. */
int repl_run(struct shell *shell);

#endif
