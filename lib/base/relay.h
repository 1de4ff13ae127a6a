/*
 * A process that moves a livestream of bytes on to a descriptor, confined as those that parse
 * captures are: packed or unpacked on the way (zstd), and no faster than it is told.
 *
 *	relay_start -> write to .in, or have a child do so -> close .in -> relay_finish
 *
 * Whoever writes has to survive that it is not read any more (SIGPIPE).
 */
#ifndef VCAP_RELAY_H
#define VCAP_RELAY_H

#include "base/failure.h"

#include <stdint.h>

enum relay_kind { RELAY_AS_IT_IS, RELAY_PACK, RELAY_UNPACK };

struct relay_options {
	enum relay_kind kind;
	uint64_t rate;       /* bytes a second to take in; 0: as they come */
	uint64_t most;       /* bytes to hand on, of which more are a failure; 0: any number */
	int64_t patience_ns; /* with a livestream that is silent; 0: for ever */
};

struct relay {
	int in;      /* what it reads is written here; close-on-exec */
	int verdict; /* how it went, once it has ended */
};

#define RELAY_INIT ((struct relay){-1, -1})

int relay_start(struct relay *relay, int out, const struct relay_options *options,
		struct failure *why);

/* Waits until all is out that was written before .in was closed everywhere. -1: not all is. */
int relay_finish(struct relay *relay, struct failure *why);

#endif
