/*
 * How far the clocks of a capture's engines were from this one, at its beginning and at its end, as
 * taken down in their states; and what vcap-merge is to do about it.
 */
#ifndef VCAP_DRIFT_H
#define VCAP_DRIFT_H

#include "entry.h"
#include "failure.h"
#include "words.h"

/* Has the clocks compared that have not been. One that does not tell is not corrected: that is no
 * reason to give up anything. */
int drift_note_start(const struct entry *entry, struct failure *why);
int drift_note_end(const struct entry *entry, struct failure *why);

/* Appends to options how vcap-merge is to put right the times of engines whose clocks are known to
 * be wrong, and what its file is to say of every clock; all of that goes into the facts, too. */
int drift_correct(struct entry *entry, const struct words *engines, struct words *options,
		  struct failure *why);

#endif
