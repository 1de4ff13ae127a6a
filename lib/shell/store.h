/*
 * What vcap shell stores in the spool (vcap-spool(5)): the settings of each service in
 * `debug/SERVICE`, and the lines typed in `history`.
 */
#ifndef VCAP_STORE_H
#define VCAP_STORE_H

#include "base/failure.h"
#include "controller/config.h"
#include "shell/settings.h"

/* Reads the settings of a service (a valid name); SETTINGS_INIT if none are stored. -1 with why:
 * settings is SETTINGS_INIT. */
int store_load(struct settings *settings, const char *service, config_variable *variable,
	       struct failure *why);
/* Stores them, and creates the spool if there is none. -1 with why: those stored are unchanged. */
int store_save(const struct settings *settings, const char *service, config_variable *variable,
	       struct failure *why);

/* The path of the history file, on the heap; creates the spool if there is none. NULL with why: the
 * spool cannot be used, or others may write to it. */
char *store_history(config_variable *variable, struct failure *why);

#endif
