/*
 * Executes the lines of vcap shell, as grammar.h parses them, on its state; captures are started
 * and stopped by other commands (run_command.h).
 */
#ifndef VCAP_SHELL_H
#define VCAP_SHELL_H

#include "base/failure.h"
#include "shell/grammar.h"
#include "shell/shell_state.h"

/* Executes a line. Returns an exit code (exitcode.h). Any but EXIT_DONE and EXIT_PARTIAL is a
 * failure, with why, which is empty if a command has printed it; the mode is unchanged then, and so
 * are the settings unless saving them succeeded before. */
int shell_execute(struct shell *shell, const char *line, struct failure *why);

/* The prompt of the current mode, on the heap. NULL: out of memory. */
char *shell_prompt(const struct shell *shell);

/* Calls take for each word that may come next, as grammar_next, and for the existing services and
 * addresses that a value can be. text is the line so far, whose last word is being completed. */
void shell_next(const struct shell *shell, const char *text, grammar_take *take, void *context);

#endif
