/*
 * The lines in this host's log about captures (audit.h): who starts, stops, exports or deletes which
 * one. What must not be done unless it is logged (engines_audit_need) is not.
 *
 *	start id=ID service=NAME engines=A,B by=WORD [at=TIME] [expression=EXPR] [keys=yes]
 *	snapshot id=ID service=NAME engines=A,B by=WORD
 *	stop|export|delete|export-keys|delete-keys id=ID service=NAME engines=A,B by=WORD [to=FILE]
 *	live service=NAME engines=A,B by=WORD [expression=EXPR]
 */
#ifndef VCAP_CAPTURE_AUDIT_H
#define VCAP_CAPTURE_AUDIT_H

#include "base/caller.h"
#include "base/failure.h"
#include "controller/config.h"
#include "controller/params.h"
#include "controller/spool_entry.h"

enum capture_audit_event {
	CAPTURE_AUDIT_START,
	CAPTURE_AUDIT_STOP, /* is done in any case: to refuse it would help nobody */
	CAPTURE_AUDIT_EXPORT,
	CAPTURE_AUDIT_DELETE,
	CAPTURE_AUDIT_KEYS,        /* an export with TLS keys, or of them */
	CAPTURE_AUDIT_DELETE_KEYS, /* of them alone */
	CAPTURE_AUDIT_SNAPSHOT,    /* by is the fact, as of a start */
};

/* Writes who runs this command to `to`, which it returns; other: who asked another controller that
 * asks here, or NULL. */
char *capture_audit_caller(const char *other, config_variable *variable, char to[CALLER_MAX]);

/* Writes the line, before the event. file: where an export goes, or NULL. -1 with why: it must not
 * be done. */
int capture_audit(const struct spool_entry *entry, enum capture_audit_event event, const char *file,
		  config_variable *variable, struct failure *why);

/* The same for a stream. */
int capture_audit_live(const struct params *params, config_variable *variable, struct failure *why);

#endif
