/*
 * A process that moves a stream of bytes on to a descriptor, confined as those that parse captures
 * are: packed or unpacked on the way (zstd), and no faster than it is told.
 *
 *	pump_start -> write to .in, or have a child do so -> close .in -> pump_finish
 *
 * Whoever writes has to survive that it is not read any more (SIGPIPE).
 */
#ifndef VCAP_PUMP_H
#define VCAP_PUMP_H

#include "failure.h"

#include <stdint.h>

enum pump_kind { PUMP_AS_IT_IS, PUMP_PACK, PUMP_UNPACK };

struct pump_options {
	enum pump_kind kind;
	uint64_t rate;       /* bytes a second to take in; 0: as they come */
	uint64_t most;       /* bytes to hand on, of which more are a failure; 0: any number */
	int64_t patience_ns; /* with a stream that is silent; 0: for ever */
};

struct pump {
	int in;      /* what it reads is written here; close-on-exec */
	int verdict; /* how it went, once it has ended */
};

#define PUMP_INIT ((struct pump){-1, -1})

int pump_start(struct pump *pump, int out, const struct pump_options *options, struct failure *why);

/* Waits until all is out that was written before .in was closed everywhere. -1: not all is. */
int pump_finish(struct pump *pump, struct failure *why);

#endif
