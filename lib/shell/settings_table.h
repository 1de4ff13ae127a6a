/*
 * The settings of a service as a framed table with a row for each field; the fields of a group are
 * indented below its name.
 */
#ifndef VCAP_SETTINGS_TABLE_H
#define VCAP_SETTINGS_TABLE_H

#include "base/failure.h"
#include "shell/settings.h"

#include <stdio.h>

/* Prints the table, whose rows uuid and name are service and title. -1: out of memory; nothing has been printed. */
int settings_table_print(const struct settings *settings, const char *service, const char *title,
			 FILE *out, struct failure *why);

#endif
