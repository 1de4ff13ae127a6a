/*
 * The captures of vcap shell: shows their progress, copies their files, and starts and stops them
 * on `save`. The functions return an exit code (exitcode.h): any but EXIT_DONE and EXIT_PARTIAL is
 * a failure, with why, which is empty if a command has printed it.
 */
#ifndef VCAP_SHELL_CAPTURE_H
#define VCAP_SHELL_CAPTURE_H

#include "shell/shell_state.h"

/* The exit code for the exit status of a command: any but 0 to 3 is EXIT_FAILED. */
int shell_capture_status(int status);
/* Whether it is EXIT_DONE or EXIT_PARTIAL. */
bool shell_capture_succeeded(int status);

/* Reads the stored settings of a service; capture is set if a capture is running. The caller
 * releases settings after EXIT_DONE. */
int shell_capture_load(const struct shell *shell, const char *service, struct settings *settings,
		       struct failure *why);

/* Asks for a directory, waits for the file of the service's newest capture and copies it there. While
 * that is running, a terminal is shown its status instead, and so is a script that has no answer. word is
 * the service's name or an alias. */
int shell_capture_show(const struct shell *shell, const char *word, struct failure *why);

/* Starts or stops the capture of shell->service as shell->request says, and updates the draft's
 * capture and id. A running capture keeps its settings, with a warning if is_changed: they have
 * been edited. *has_started: this call has started one. */
int shell_capture_apply(struct shell *shell, bool is_changed, bool *has_started,
			struct failure *why);

#endif
