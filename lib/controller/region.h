/*
 * Requests of a larger controller, for which this controller with all its engines, a region, is one
 * engine: the same that vcap-host answers on an engine. Most of the work is done by vcap's
 * commands, run as children, which report their failures on standard error.
 *
 * Each function returns an exit status for main: EXIT_DONE, EXIT_PARTIAL, or that of a child that
 * failed; -1 with why: it failed here.
 */
#ifndef VCAP_REGION_H
#define VCAP_REGION_H

#include "base/failure.h"
#include "controller/config.h"

#include <stdbool.h>
#include <stdio.h>

/* Fails if there is a capture id of another token. token NULL: any will do. */
int region_check_token(const char *id, const char *token, config_variable *variable,
		       struct failure *why);

/* Starts the capture id by vcap-start with these arguments (NULL-ended) and specs, one or more a
 * line (NULL or empty: none). Engines that do not capture are not a failure yet, but will make the
 * result partial. */
int region_start(const char *id, char *const *arguments, const char *specs, struct failure *why);

/* A request about the capture id, whose answer goes to out. */
typedef int region_request(const char *id, config_variable *variable, FILE *out,
			   struct failure *why);

/* Prints the status of the capture, as vcap-host does for an engine. Its state is `running` until
 * its file is complete. Starts a vcap-wait for it if the last one was killed. */
region_request region_status;

/* Ends the capture, without waiting for its file, and prints its status. */
region_request region_stop;

/* Answers the requests of a session about the capture (followreply.h), from standard input. */
region_request region_follow;

/* Writes the TLS keys of the capture, if it has some. */
region_request region_keys;

/* Writes the pairs of connections that the region's engines kept, if there are some. */
region_request region_pairs;

/* Removes the capture, which must have ended. A capture that does not exist is not a failure: the
 * answer to an earlier request may have been lost. */
region_request region_remove;

/* Prints the version, whatever the id. Fails if the disk of the spool is down to its reserve. */
region_request region_check;

/* How a file is fetched. */
struct region_form {
	bool compressed; /* by zstd */
	bool cut;        /* without payload */
};

/* Waits for the file of the capture id and writes it to the descriptor of out. EXIT_PARTIAL: the
 * capture is partial. */
int region_fetch(const char *id, struct region_form form, config_variable *variable, FILE *out,
		 struct failure *why);

#endif
