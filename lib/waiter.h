/*
 * The vcap-wait that is left behind for a capture: it fetches and merges when the engines are done,
 * in a session of its own, and writes to `log` in the capture's directory.
 */
#ifndef VCAP_WAITER_H
#define VCAP_WAITER_H

#include "entry.h"
#include "failure.h"

/* Leaves one behind. */
int waiter_start(const struct entry *entry, struct failure *why);

/* Leaves one behind if the capture goes on and nobody works on it: whoever did was killed. */
int waiter_revive(const struct entry *entry, struct failure *why);

#endif
