/*
 * vcap shell carries out one line at a time, as grammar.h understands it, on its state; the work is
 * done by other commands (run_command.h).
 */
#ifndef VCAP_SHELL_H
#define VCAP_SHELL_H

#include "base/failure.h"
#include "shell/grammar.h"
#include "shell/shell_state.h"

/* Carries out a line. Returns an exit code (exitcode.h): other than EXIT_DONE and EXIT_PARTIAL it
 * is a failure, with why, which is empty if a command has printed it; mode and settings are
 * unchanged then. */
int shell_execute(struct shell *shell, const char *line, struct failure *why);

/* The prompt of the current mode: heap. NULL: out of memory. */
char *shell_prompt(const struct shell *shell);

/* Calls take for each word that may come next, as grammar_next, and also for the services and
 * addresses that a value can be. text is the line so far; its last word is ignored. */
void shell_next(const struct shell *shell, const char *text, grammar_take *take, void *context);

#endif
