/*
 * Where vcap shell keeps things between its runs: what is set for captures of each service, in
 * `debug/SERVICE` of the spool, and the lines that were typed, in `history` (vcap-spool(5)).
 */
#ifndef VCAP_STORE_H
#define VCAP_STORE_H

#include "base/failure.h"
#include "controller/config.h"
#include "shell/settings.h"

/* Reads what is set for a service (a valid name); nothing yet is SETTINGS_INIT, as is -1. */
int store_load(struct settings *settings, const char *service, config_variable *variable,
	       struct failure *why);
/* Keeps it; the spool is made if it is not there. */
int store_save(const struct settings *settings, const char *service, config_variable *variable,
	       struct failure *why);

/* The path of the history in a spool that is there and nobody else's. Heap; NULL on failure. */
char *store_history(config_variable *variable, struct failure *why);

#endif
