/*
 * Watching the engines of a capture until each has ended: how they stand is asked now and then, and
 * one that is out of reach is waited for as long as the capture's patience says.
 */
#ifndef VCAP_POLL_H
#define VCAP_POLL_H

#include "base/failure.h"
#include "controller/spool_entry.h"

#include <stdint.h>

/* Until every engine that takes part has ended, or has been out of reach for longer than the
 * capture's patience while nobody else captures any more: it becomes `missing`. One that is missing
 * but captures after all takes part again. poll_ns: how often engines are asked; 0: as the
 * capture's age suggests. */
int poll_until_ended(struct spool_entry *entry, int64_t poll_ns, struct failure *why);

#endif
