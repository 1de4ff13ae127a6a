/*
 * What a capture keeps of connection pairs: the file `pairs`, and of a rolling one `pairs.1` as well, which
 * vcap-flows writes by turns (flows/pairout.h).
 */
#ifndef VCAP_KEPTPAIRS_H
#define VCAP_KEPTPAIRS_H

#include "base/failure.h"

#include <stdint.h>
#include <stdio.h>

#define KEPTPAIRS_FILE  "pairs"
#define KEPTPAIRS_OTHER "pairs.1"

/* The bytes of both files in a directory; -1: there is none. */
int64_t keptpairs_size(int dir);

/* Writes their whole lines, the older file first. 0, also if there is none; -1 with why: one cannot be read. Check
 * ferror(out). */
int keptpairs_write(int dir, FILE *out, struct failure *why);

#endif
