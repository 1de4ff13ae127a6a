/*
 * The newest capture of a service in the spool, and whether it goes on.
 */
#ifndef VCAP_LATEST_H
#define VCAP_LATEST_H

#include "base/failure.h"
#include "controller/config.h"
#include "controller/spool_entry.h"

#include <stdbool.h>

/* Opens it. 1, 0 if there is none, or -1. */
int latest_open(struct spool_entry *entry, const char *service, config_variable *variable,
		struct failure *why);

/* Whether engines capture, or will: it can be stopped, and has not been. */
bool latest_is_running(const struct spool_entry *entry);

/* The id of the one that is running into id; "" if none is. */
int latest_running(char id[SPOOL_ENTRY_ID], const char *service, config_variable *variable,
		   struct failure *why);

#endif
