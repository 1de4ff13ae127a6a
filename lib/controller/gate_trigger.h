/*
 * What a key, or sudo, lets a capture watch for (flows/trigger_spec.h). Of lines only a count comes back; but
 * who may choose file and pattern reads a file by asking often enough.
 */
#ifndef VCAP_GATE_TRIGGER_H
#define VCAP_GATE_TRIGGER_H

#include "base/failure.h"

#include <stdbool.h>

/* Whether the word is `--on=TRIGGER`, of packets, or of lines that a key lets be read: those of its flows (NULL:
 * none), or of the files watched (NULL-ended; NULL: none). */
bool gate_trigger_admit(const char *flows, char *const *watched, const char *word);

/* What of the triggers (NULL-ended; NULL: none) may be by sudo: packets, and the lines of a proxy, if flows is
 * one's. -1 with why. */
int gate_trigger_check(char *const *triggers, const char *flows, struct failure *why);

#endif
