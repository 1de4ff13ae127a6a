/*
 * What a controller's key may do on an engine: vcap's own commands, with the arguments that vcap
 * gives them, on captures under one directory. Anything else is refused, whether or not it would do
 * harm.
 */
#ifndef VCAP_GATE_H
#define VCAP_GATE_H

#include "base/failure.h"

#include <stdbool.h>

struct gate {
	const char *directory; /* where captures lie: absolute, no '/' at its end */
	const char *flows;     /* a source of pairs that may be read besides conntrack, or NULL */
	bool sudo;             /* commands come with `sudo -n --` before them */
};

/*
 * The command among words (NULL-ended) that may be run, without sudo and with its directory still
 * before its name: gate_name is the name. NULL: they are refused, and why quotes the word at fault.
 */
char *const *gate_admit(const struct gate *gate, char *const *words, struct failure *why);

/* The last component of a command's path. */
const char *gate_name(const char *command);

#endif
