/*
 * What a capture would do, before anything is started or written: the table of `vcap start --dry-run`.
 */
#ifndef VCAP_DRYRUN_H
#define VCAP_DRYRUN_H

#include "base/failure.h"
#include "controller/engine.h"
#include "controller/params.h"

#include <stdio.h>

/*
 * Asks the engines of params, whose filter has been compiled, as `vcap check` does, and writes a row for each.
 * Returns EXIT_DONE; EXIT_PARTIAL if some could not capture, EXIT_FAILED if none could; -1 with why.
 */
int dryrun_print(const struct params *params, const struct engines *engines, FILE *out,
		 struct failure *why);

#endif
