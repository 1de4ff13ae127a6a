/*
 * The sizes of engines' files, by what the engines report.
 */
#ifndef VCAP_PARTSIZE_H
#define VCAP_PARTSIZE_H

#include "base/strvec.h"
#include "controller/spool_entry.h"

#include <stdint.h>

/* Bytes of the engine's file; merging needs as much again. 0: it has not reported; at most 2^50. */
uint64_t partsize(const struct spool_entry *entry, const char *engine);

/* The sum over these engines. */
uint64_t partsize_sum(const struct spool_entry *entry, const struct strvec *engines);

/* The one with the largest file, of at least one engine. Owned by engines. */
const char *partsize_largest(const struct spool_entry *entry, const struct strvec *engines);

#endif
