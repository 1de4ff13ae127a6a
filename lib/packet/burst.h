/*
 * The packets of a source one by one, read many at a time where the source can: next() of a file has a look
 * at what follows each packet, which more() has for all of a burst together.
 */
#ifndef VCAP_BURST_H
#define VCAP_BURST_H

#include "base/failure.h"
#include "packet/packet.h"

#include <stddef.h>

#define BURST_MAX 64

struct burst {
	struct source *source; /* the caller's */
	size_t at, count;
	struct packet packets[BURST_MAX];
};

/* Whatever reads from the source reads by the burst from now on. */
void burst_init(struct burst *burst, struct source *source);

/* As source->next: the same events in the same order. */
enum source_event burst_next(struct burst *burst, struct packet *packet, struct failure *why);

#endif
