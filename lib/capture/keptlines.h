/*
 * What a capture keeps beside its packets, in lines: connection pairs in the file `pairs`, which vcap-flows writes
 * (flows/pairout.h), and TLS keys in `keys`, which vcap-keys does (flows/keykeep.h). Of a rolling one there is a second
 * file of each, `pairs.1` and `keys.1`, and they are written by turns. Mode 0600, as all there.
 */
#ifndef VCAP_KEPTLINES_H
#define VCAP_KEPTLINES_H

#include "base/failure.h"
#include "base/keyval.h"

#include <stdint.h>
#include <stdio.h>

enum keptlines_kind { KEPTLINES_PAIRS, KEPTLINES_KEYS };

#define KEPTLINES_FILES 2

/* The names of the first and the second file. */
const char *keptlines_name(enum keptlines_kind kind, int number);

/* The bytes of both files in a directory; -1: there is none. */
int64_t keptlines_size(int dir, enum keptlines_kind kind);

/* Sets `pairs` and `keys` of a status to the bytes of those that there are. -1: out of memory. */
int keptlines_set_sizes(int dir, struct keyval *status);

/* Writes their whole lines, the older file first. 0, also if there is none; -1 with why: one cannot be read. Check
 * ferror(out). */
int keptlines_write(int dir, enum keptlines_kind kind, FILE *out, struct failure *why);

#endif
