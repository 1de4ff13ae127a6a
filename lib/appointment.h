/*
 * A capture that begins later: in state waiting until its time, which is the fact `at`, has come.
 * Whoever holds its lock keeps the appointment; anybody may call it off (entry_ask_stop).
 */
#ifndef VCAP_APPOINTMENT_H
#define VCAP_APPOINTMENT_H

#include "entry.h"
#include "failure.h"

#include <stdbool.h>

/*
 * Waits for the time of a capture that waits, starts its engines, and leaves it capturing; does
 * nothing for any other. *called_off: it was ended before; the caller withdraws it. -1: it could
 * not be started, no engine captures.
 */
int appointment_keep(struct entry *entry, bool *called_off, struct failure *why);

#endif
