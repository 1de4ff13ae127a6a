/*
 * What is set for captures of a service as a table in a box, a field a row, what belongs to a group
 * indented below its name.
 */
#ifndef VCAP_SETTINGS_TABLE_H
#define VCAP_SETTINGS_TABLE_H

#include "base/failure.h"
#include "shell/settings.h"

#include <stdio.h>

/* Prints it. -1: no memory, and nothing has been printed. */
int settings_table_print(const struct settings *settings, const char *service, FILE *out,
			 struct failure *why);

#endif
