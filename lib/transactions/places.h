/*
 * The engines of a file and the sides of its interfaces, by their labels (label.h).
 */
#ifndef VCAP_PLACES_H
#define VCAP_PLACES_H

#include "base/failure.h"
#include "filter/service.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct place {
	uint32_t engine;
	enum side side; /* SIDE_OTHER: the label says none */
	bool
	    is_dropped; /* of packets that the kernel dropped (loss.h), which other interfaces have, too */
};

struct places {
	char **names; /* heap, owned */
	size_t count;
	struct place *places; /* by interface; heap, owned */
	size_t place_count;
};

#define PLACES_INIT ((struct places){0})

/* Frees the names; places is PLACES_INIT afterwards. */
void places_release(struct places *places);

/* Adds the interfaces of source that are new. -1 with why: out of memory. */
int places_learn(struct places *places, const struct source *source, struct failure *why);

/* Where an interface is, that was learned. */
const struct place *places_of(const struct places *places, uint32_t iface);
/* NULL: there is no such engine. */
const char *places_engine(const struct places *places, uint32_t engine);

#endif
