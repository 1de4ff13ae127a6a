/*
 * A trial of what a capture needs on this host: the programs, by running each, and the rings, by a
 * capture of a moment whose packets nobody gets.
 */
#ifndef VCAP_HOSTTRIAL_H
#define VCAP_HOSTTRIAL_H

#include "base/failure.h"

#include <stddef.h>

/* Runs each program that a controller asks for, from the directory of this one. -1 with why: the
 * first that is not there or does not run. */
int hosttrial_programs(struct failure *why);

/* Captures for a hundredth of a second on the named interfaces, or with name_count 0 on those of the default
 * choice, with rings as large as a capture's. -1 with why, the reason that vcap-run tells. */
int hosttrial_capture(const char *const *names, size_t name_count, struct failure *why);

#endif
