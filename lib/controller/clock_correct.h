/*
 * Clock correction of a capture: the engines' offsets are recorded in their states at the start and
 * the end of the capture, and become options of vcap-merge.
 */
#ifndef VCAP_CLOCK_CORRECT_H
#define VCAP_CLOCK_CORRECT_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/clock_offset.h"
#include "controller/spool_entry.h"

#include <stdbool.h>

/* Measure and record the offsets of these engines that are not recorded yet: those that were not
 * followed (following.h). An engine that does not answer is not a failure: its timestamps will not be
 * corrected. -1 with why: vcap-each could not be run. */
int clock_correct_note_start(const struct spool_entry *entry, const struct strvec *engines,
			     struct failure *why);
int clock_correct_note_end(const struct spool_entry *entry, const struct strvec *engines,
			   struct failure *why);

/* Appends options of vcap-merge for these engines: a correction for each whose offset exceeds its
 * error, and a comment about each offset, or that it is not known. Sets the facts `clocks` to all
 * offsets and marks the engines without one as `clock-unread`, without storing the facts. -1: out of
 * memory. */
int clock_correct_offsets(struct spool_entry *entry, const struct strvec *engines,
			  struct strvec *options, struct failure *why);

/* The engine's offset over the whole capture. False: none is recorded, *offset is unchanged. */
bool clock_correct_offset(const struct spool_entry *entry, const char *engine,
			  struct clock_offset *offset);

/* Sets the fact `remark` to remark (may be empty) and whose clocks could not be read, without storing
 * the facts. -1: out of memory. */
int clock_correct_remark(struct spool_entry *entry, const char *remark, struct failure *why);

#endif
