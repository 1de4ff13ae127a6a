/*
 * A source that passes another one on without payload: packets up to the end of their headers
 * (packet/headers.h), and no secrets that would open more.
 */
#ifndef VCAP_CUTTER_H
#define VCAP_CUTTER_H

#include "base/failure.h"
#include "packet/packet.h"

struct cutter; /* opaque */

/* from is the caller's and outlives it. NULL with why: out of memory. */
struct cutter *cutter_new(struct source *from, struct failure *why);
/* cutter may be NULL. */
void cutter_free(struct cutter *cutter);
/* The source without payload, valid until cutter_free. It cannot be revisited. Of a link type that is
 * not in linktype.h nothing of a packet is left but its lengths. */
struct source *cutter_source(struct cutter *cutter);

#endif
