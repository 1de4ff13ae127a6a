/*
 * Bringing one engine's finished capture here: as a stream of vcap-merge there, through vcap-on (of
 * a region, the file that it has made), believed only when it is what the engine says it has kept.
 * Children complain on standard error.
 */
#ifndef VCAP_TRANSFER_H
#define VCAP_TRANSFER_H

#include "failure.h"
#include "fdio.h"
#include "keyval.h"

#include <stdbool.h>
#include <stdint.h>

struct transfer {
	const char *engine;
	const char *directory; /* of the capture on the engine; or its id, in a region */
	bool is_region;        /* the engine is a controller */
	bool packs;            /* it is compressed on the way */
	uint64_t rate;         /* bytes a second to take at most; 0: any */
	struct keyval said;    /* by the engine, of what it has kept */
};

#define TRANSFER_INIT ((struct transfer){0})

void transfer_release(struct transfer *transfer);

/* Asks the engine what it has kept. */
int transfer_ask(struct transfer *transfer, struct failure *why);

/*
 * Writes it to out, which is still to be committed. 0: it is whole; 3: the engine was cut short,
 * and this is what it had; -1: it did not arrive. An engine that is silent for a minute, or sends
 * much more than it has kept, is interrupted.
 */
int transfer_fetch(const struct transfer *transfer, const struct outfile *out, struct failure *why);

/* Removes the engine's copy. */
int transfer_remove(const struct transfer *transfer, struct failure *why);

#endif
