/*
 * The offsets of the clocks of a capture's engines, recorded in their states at the beginning and at
 * the end of the capture, and the corrections that follow from them for vcap-merge.
 */
#ifndef VCAP_CLOCK_CORRECT_H
#define VCAP_CLOCK_CORRECT_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/spool_entry.h"

/* Measure and record the offsets that are not recorded yet, at the beginning and at the end. An engine
 * that does not answer is no failure: its times are not corrected. */
int clock_correct_note_start(const struct spool_entry *entry, struct failure *why);
int clock_correct_note_end(const struct spool_entry *entry, struct failure *why);

/* Appends to options, for vcap-merge, the corrections of the engines whose clocks are known to differ
 * and a comment on each clock for the file; and stores all offsets in the fact `clocks`. */
int clock_correct_offsets(struct spool_entry *entry, const struct strvec *engines,
			  struct strvec *options, struct failure *why);

#endif
