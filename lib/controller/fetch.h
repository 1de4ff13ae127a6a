/*
 * Bringing one engine's finished capture here: as a stream of vcap-merge there, through vcap-on
 * (of a region, the file that it has made), believed only when it is what the engine says it has
 * kept. Children complain on standard error.
 */
#ifndef VCAP_FETCH_H
#define VCAP_FETCH_H

#include "base/failure.h"
#include "base/keyval.h"
#include "base/outfile.h"

#include <stdbool.h>
#include <stdint.h>

struct fetch {
	const char *engine;
	const char *directory; /* of the capture on the engine; or its id, in a region */
	bool is_region;        /* the engine is a controller */
	bool compress;         /* it is compressed on the way */
	uint64_t rate;         /* bytes a second to take at most; 0: any */
	struct keyval answer;  /* by the engine, of what it has kept */
};

#define FETCH_INIT ((struct fetch){0})

void fetch_release(struct fetch *fetch);

/* Asks the engine what it has kept. */
int fetch_ask(struct fetch *fetch, struct failure *why);

/*
 * Writes it to out, which is still to be committed. 0: it is whole; 3: the engine was cut short,
 * and this is what it had; -1: it did not arrive. An engine that is silent for a minute, or sends
 * much more than it has kept, is interrupted.
 */
int fetch_file(const struct fetch *fetch, const struct outfile *out, struct failure *why);

/* Removes the engine's copy. */
int fetch_remove(const struct fetch *fetch, struct failure *why);

#endif
