/*
 * Lines in the system's log of what is done with captures: facility authpriv, priority notice, the
 * command's name and pid, and then
 *
 *	EVENT key=value key=value ...
 *
 * A value is printable ASCII; blanks, '=', '"', '\' and all other bytes are \xHH, so that it cannot
 * look like another field or line.
 *
 * The line goes to /dev/log as syslog(3) sends it. That function does not say whether it has, and
 * waits for ever for a daemon that hangs.
 */
#ifndef VCAP_AUDIT_H
#define VCAP_AUDIT_H

#include "base/failure.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether what cannot be logged may be done all the same. */
enum audit_need {
	AUDIT_WANTED,   /* yes, and nothing is said */
	AUDIT_REQUIRED, /* no */
};

#define AUDIT_MAX 2048 /* bytes of a line, with its NUL */

struct audit {
	char text[AUDIT_MAX];
};

/* The name of this command in all lines, a string that stays valid. */
void audit_name(const char *name);

/* Begins a line with a word of [a-z]. */
void audit_begin(struct audit *audit, const char *event);

/* Adds a field; none if value is NULL or empty. At most 512 bytes of the value are written, and then
 * "..."; a field that finds no room is left out. */
void audit_add(struct audit *audit, const char *key, const char *value);

/* Adds the field `caller`, who runs this command here (caller.h), without a name for the uid, which
 * a static program cannot look up. */
void audit_add_caller(struct audit *audit);

/* Writes the line; no descriptor stays open. Call it before the process is confined. Waits at most a
 * second. -1 with why and its remedy: it is required, and was not taken. */
int audit_write(const struct audit *audit, enum audit_need need, struct failure *why);

/* Whether there is a log that takes lines. */
bool audit_is_heard(void);

/* Reads "required". -1 with why: another word. */
int audit_parse(const char *word, enum audit_need *need, struct failure *why);

#endif
