/*
 * The pairs of connections (connpair.h) that the engines of a capture kept, in the spool: `engines/NAME.pairs`, of
 * mode 0600. A region has those of all its engines in one.
 */
#ifndef VCAP_SPOOL_PAIRS_H
#define VCAP_SPOOL_PAIRS_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/spool_entry.h"

#include <stdint.h>
#include <stdio.h>

/* The engines that have some here, in the order of the service file; the caller releases the vector, here and below. */
struct strvec spool_pairs_engines(const struct spool_entry *entry);

/* The paths of their files, in the same order. */
struct strvec spool_pairs_paths(const struct spool_entry *entry);

/* Bytes of all. */
uint64_t spool_pairs_size(const struct spool_entry *entry);

/* Writes them all, one engine's behind another's; none if there are none. -1 with why: one cannot be read. */
int spool_pairs_print(const struct spool_entry *entry, FILE *out, struct failure *why);

#endif
