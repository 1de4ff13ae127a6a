/*
 * The captures of vcap shell: how one goes, where its file is copied to, and what `save` starts and
 * stops. The functions return an exit code (exitcode.h): other than EXIT_DONE and EXIT_PARTIAL it
 * is a failure, with why, which is empty if a command has printed it.
 */
#ifndef VCAP_SHELL_CAPTURE_H
#define VCAP_SHELL_CAPTURE_H

#include "shell/shell_state.h"

/* The exit code of a command that the shell has run, of which others than 0 to 3 are EXIT_FAILED.
 */
int shell_capture_status(int status);
bool shell_capture_succeeded(int status);

/* Reads the settings of a service, whose capture is set if one is running. settings is to be
 * released after EXIT_DONE. */
int shell_capture_load(const struct shell *shell, const char *service, struct settings *settings,
		       struct failure *why);

/* Prints the status of the service's newest capture while it runs; later asks for a directory,
 * waits for the file and copies it there. */
int shell_capture_show(const struct shell *shell, const char *service, struct failure *why);

/* Starts or stops the capture of shell->service as shell->request wants; the draft's capture and id
 * tell what there is then. Otherwise one that is running goes on, with a warning if is_changed: the
 * settings have been edited. *has_started: this call has begun one. */
int shell_capture_apply(struct shell *shell, bool is_changed, bool *has_started,
			struct failure *why);

#endif
