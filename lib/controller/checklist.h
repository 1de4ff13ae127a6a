/*
 * The engines that a check is asked of: by names of services and engines, each engine once, with the VIPs
 * of all those services.
 */
#ifndef VCAP_CHECKLIST_H
#define VCAP_CHECKLIST_H

#include "base/failure.h"
#include "controller/config.h"
#include "controller/engine.h"
#include "controller/enginecheck.h"

#include <stddef.h>

struct checklist {
	struct enginecheck *list; /* heap, in the order of the words */
	size_t count;
};

#define CHECKLIST_INIT ((struct checklist){0})

/* Fills the list, CHECKLIST_INIT before, with the engines of the words (NULL-ended), or with all known
 * ones if there is no word. known must outlive it. -1 with why: a word is neither service nor engine, a
 * service has no engine or one that is not known, or out of memory. */
int checklist_choose(struct checklist *checks, char *const *words, const struct engines *known,
		     config_variable *variable, struct failure *why);

#endif
