/*
 * The read-eval-print loop of vcap shell.
 */
#ifndef VCAP_REPL_H
#define VCAP_REPL_H

#include "shell/shell_state.h"

/* Opens the terminal as shell->lines, with completion and the history in the spool; without the
 * latter it warns. From now on ^C reaches only the commands that the shell runs. -1: the terminal
 * cannot be used. */
int repl_open_terminal(struct shell *shell);

/* Carries out the lines of shell->lines, to their end or `exit`, and warns of each failure; a
 * script ends with the first. Returns the exit code: for a script that of the line it has ended
 * with, EXIT_FAILED if settings are lost at its end. */
int repl_run(struct shell *shell);

#endif
