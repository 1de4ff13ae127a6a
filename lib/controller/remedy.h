/*
 * What to do about an engine that cannot be reached or does not capture, where the reason tells. Pure.
 */
#ifndef VCAP_REMEDY_H
#define VCAP_REMEDY_H

#include "controller/engine.h"

/* How far a command for an engine came. */
enum remedy_reach {
	REMEDY_UNREACHABLE, /* nobody answered */
	REMEDY_REFUSED,     /* somebody did, and ran nothing of vcap's */
	REMEDY_KEY_UNKNOWN, /* ssh has no host key to compare with */
	REMEDY_KEY_CHANGED, /* another one than ssh knows: maybe somebody in between */
};

/* The reach, by the reason (reason.h) for which vcap was not run there. */
enum remedy_reach remedy_reach(const char *reason);

/* The reason, with the remedy in parentheses behind it if there is one. engine may be NULL: there is
 * none then. Heap; NULL: out of memory. */
char *remedy_add(const struct engine *engine, const char *reason);

#endif
