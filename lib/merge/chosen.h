/*
 * A source that passes on a part of another one: what one engine saw, or one side, or both, by the
 * labels of interfaces (label.h). Interfaces of other parts are left out. An interface without a side
 * stays where its engine is chosen, with its statistics: what was dropped had no side.
 */
#ifndef VCAP_CHOSEN_H
#define VCAP_CHOSEN_H

#include "base/failure.h"
#include "packet/packet.h"

#include <stdbool.h>

struct chosen;

/* Whether part is one; else why says what it may be. */
bool chosen_is_part(const char *part, struct failure *why);
/* part: `ENGINE`, `/SIDE` or `ENGINE/SIDE`, SIDE one of client, server, monitor, other. from and part
 * are the caller's and outlive it. NULL with why: out of memory. */
struct chosen *chosen_new(struct source *from, const char *part, struct failure *why);
/* chosen may be NULL. */
void chosen_free(struct chosen *chosen);
/* The source with that part, valid until chosen_free. It cannot be revisited. */
struct source *chosen_source(struct chosen *chosen);
/* Whether no interface so far has packets of the part. */
bool chosen_is_empty(const struct chosen *chosen);

#endif
