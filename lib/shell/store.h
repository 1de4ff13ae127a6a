/*
 * What vcap shell keeps between its runs: the settings of each service, in `debug/SERVICE` of the
 * spool, and the lines that were typed, in `history` (vcap-spool(5)).
 */
#ifndef VCAP_STORE_H
#define VCAP_STORE_H

#include "base/failure.h"
#include "controller/config.h"
#include "shell/settings.h"

/* Reads the settings of a service (a valid name); SETTINGS_INIT if none are stored, and on failure.
 */
int store_load(struct settings *settings, const char *service, config_variable *variable,
	       struct failure *why);
/* Stores them; makes the spool if there is none. -1: those of before are unchanged. */
int store_save(const struct settings *settings, const char *service, config_variable *variable,
	       struct failure *why);

/* The path of the history, in a spool that is made if there is none: heap. NULL: the spool cannot
 * be used, or others may write to it. */
char *store_history(config_variable *variable, struct failure *why);

#endif
