/*
 * What is set for captures of a service as a table in a box, a field a row, what belongs to a group
 * indented below its name.
 */
#ifndef VCAP_SETTINGSTABLE_H
#define VCAP_SETTINGSTABLE_H

#include "failure.h"
#include "settings.h"

#include <stdio.h>

/* Prints it. -1: no memory, and nothing has been printed. */
int settingstable_print(const struct settings *settings, const char *service, FILE *out,
			struct failure *why);

#endif
