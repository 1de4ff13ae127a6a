/*
 * Which commands a controller's key may run on an engine: vcap's own, with the arguments that
 * commands.h builds, on captures in one directory. Anything else is refused, harmful or not.
 */
#ifndef VCAP_GATE_H
#define VCAP_GATE_H

#include "base/failure.h"

#include <stdbool.h>

struct gate {
	const char *directory; /* of captures: absolute, no '/' at its end */
	const char *flows;     /* a source of pairs allowed besides conntrack, or NULL */
	bool sudo;             /* commands are preceded by `sudo -n --` */
};

/*
 * Checks a command line (words, NULL-ended). Returns the part of words to run: without sudo, its
 * first word perhaps a path (gate_name). NULL: refused, and why quotes the offending word.
 */
char *const *gate_admit(const struct gate *gate, char *const *words, struct failure *why);

/* The last component of a command's path, a part of command. */
const char *gate_name(const char *command);

#endif
