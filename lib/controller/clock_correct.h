/*
 * How far the clocks of a capture's engines were from this one, at its beginning and at its end, as
 * taken down in their states; and what vcap-merge is to do about it.
 */
#ifndef VCAP_CLOCK_CORRECT_H
#define VCAP_CLOCK_CORRECT_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/spool_entry.h"

/* Has the clocks compared that have not been. One that does not tell is not corrected: that is no
 * reason to give up anything. */
int clock_correct_note_start(const struct spool_entry *entry, struct failure *why);
int clock_correct_note_end(const struct spool_entry *entry, struct failure *why);

/* Appends to options how vcap-merge is to put right the times of engines whose clocks are known to
 * be wrong, and what its file is to say of every clock; all of that goes into the facts, too. */
int clock_correct_offsets(struct spool_entry *entry, const struct strvec *engines,
			  struct strvec *options, struct failure *why);

#endif
