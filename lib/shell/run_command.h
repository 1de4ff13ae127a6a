/*
 * The commands that vcap shell runs to do its work: each with arguments that are fixed but for
 * valid names, ids and what was set, and no shell in between. What they complain about goes to
 * standard error. Each function returns the command's exit status, or -1 with why if it could not
 * be run. An interrupt from the terminal does not reach those that begin or end a capture.
 */
#ifndef VCAP_RUN_COMMAND_H
#define VCAP_RUN_COMMAND_H

#include "base/failure.h"
#include "shell/settings.h"

#include <stdio.h>

/* vcap-start. *id: heap, of the capture that has begun; else NULL. */
int run_command_start(const struct settings *settings, const char *service, char **id,
		      struct failure *why);
/* vcap-stop, which does not wait for the file. */
int run_command_stop(const char *id, struct failure *why);
/* vcap-wait: until there is a file. */
int run_command_wait(const char *id, struct failure *why);
/* vcap-export. *path: heap, of the file that was made; else NULL. */
int run_command_export(const char *id, const char *directory, char **path, struct failure *why);

/* vcap-status and vcap-services, whose tables go to out. */
int run_command_status(const char *id, FILE *out, struct failure *why);
int run_command_services(FILE *out, struct failure *why);

#endif
