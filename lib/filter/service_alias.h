/*
 * The `alias` lines of a service file (vcap-service(5)): other names of the service, which may have
 * blanks in them, unlike a file's name that engines and captures are called by. Pure.
 */
#ifndef VCAP_SERVICE_ALIAS_H
#define VCAP_SERVICE_ALIAS_H

#include "base/failure.h"
#include "base/strvec.h"

#include <stdbool.h>

#define SERVICE_ALIAS_MAX 128 /* bytes */

/* Reads a line without its newline. 1: *alias is on the heap, its runs of blanks one each and without
 * quotes; 0: it is no alias line. -1 with why: it has no name, one that is too long, or a control
 * character, a quote or a slash in it, or a hyphen before it. *alias is NULL unless 1. */
int service_alias_read(const char *line, char **alias, struct failure *why);

/* Reads such a line and adds the name to aliases, which must not have it: 1; 0 and -1 as above. */
int service_alias_take(struct strvec *aliases, const char *line, struct failure *why);

/* Whether word names the same, whatever blanks are around and between its words. */
bool service_alias_matches(const char *alias, const char *word);

/* Takes the alias lines out of text: engines need none, and those of older releases do not know them. */
void service_alias_remove(char *text);

#endif
