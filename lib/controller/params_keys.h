/*
 * Whether a capture can have TLS keys (`--keys`): what its engines file says, and what else it asks for.
 */
#ifndef VCAP_PARAMS_KEYS_H
#define VCAP_PARAMS_KEYS_H

#include "base/failure.h"
#include "controller/engine.h"
#include "controller/params.h"

#define PARAMS_KEYS_TEXT 256

/* Checks what was chosen, with keys. text gets what there is to know, or becomes empty. -1 with why: no key
 * could come of it. */
int params_keys_check(const struct params *params, const struct engines *engines,
		      char text[PARAMS_KEYS_TEXT], struct failure *why);

#endif
