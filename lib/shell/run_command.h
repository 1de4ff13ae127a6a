/*
 * The commands that vcap shell runs, without a shell in between; their arguments are constant
 * except for valid names, ids and settings. Their messages go to standard error. Each function
 * returns the command's exit status, or -1 with why if it could not be run. An interrupt from the
 * terminal does not reach the commands that start or stop a capture.
 */
#ifndef VCAP_RUN_COMMAND_H
#define VCAP_RUN_COMMAND_H

#include "base/failure.h"
#include "shell/settings.h"

#include <stdio.h>

/* vcap-start. *id is the capture's, on the heap; NULL: none was started. */
int run_command_start(const struct settings *settings, const char *service, char **id,
		      struct failure *why);
/* vcap-stop, without waiting for the file. */
int run_command_stop(const char *id, struct failure *why);
/* vcap-wait: returns when the file is complete. */
int run_command_wait(const char *id, struct failure *why);
/* vcap-export, in the format pcapng or pcap. *path is the copy's, on the heap; NULL: none was made. */
int run_command_export(const char *id, const char *format, const char *directory, char **path,
		       struct failure *why);

/* vcap-status, vcap-snapshot and vcap-services, whose output goes to out's descriptor; out is flushed before. */
int run_command_status(const char *id, FILE *out, struct failure *why);
int run_command_snapshot(const char *service, FILE *out, struct failure *why);
int run_command_services(FILE *out, struct failure *why);

#endif
