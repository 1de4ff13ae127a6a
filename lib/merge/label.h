/*
 * Where a packet is from, as the name of its interface: `ENGINE/IFACE`, or `ENGINE/IFACE/SIDE` once
 * the side of the proxy is known. An interface whose name is not known is `-`.
 */
#ifndef VCAP_LABEL_H
#define VCAP_LABEL_H

#include "packet/packet.h"

#include <stdbool.h>

struct label {
	char *text; /* heap; the parts point into it */
	const char *engine, *iface;
	const char *side; /* NULL if none */
	const char *via;  /* what the input is called; the hint's own, NULL if nothing */
};

#define LABEL_INIT ((struct label){0})

/* What names the engine of an interface that does not name it itself. */
struct label_hint {
	const char *engine; /* overrides everything else; may be NULL */
	bool from_vcap;     /* written by vcap: the interface's description names the engine */
	const char *fallback;
};

void label_release(struct label *label);

/* The label of an interface. A name that is a label already is kept. -1: no memory. */
int label_of(struct label *label, const struct interface *interface, const struct label_hint *hint);

/* "ENGINE/IFACE", or with the side "ENGINE/IFACE/SIDE" if side is not NULL. Heap, NULL without
 * memory. */
char *label_format(const struct label *label, const char *side);

#endif
