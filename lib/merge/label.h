/*
 * The label of an interface, which says where its packets are from: `ENGINE/IFACE`, or
 * `ENGINE/IFACE/SIDE` if the side of the proxy is known. IFACE is `-` if it has no name.
 */
#ifndef VCAP_LABEL_H
#define VCAP_LABEL_H

#include "packet/packet.h"

#include <stdbool.h>

struct label {
	char *text; /* heap; engine, iface and side point into it */
	const char *engine, *iface;
	const char *side; /* NULL if none */
	const char *via;  /* hint->engine, not copied: the name of the input, or NULL */
};

#define LABEL_INIT ((struct label){0})

/* What names the engine of an interface whose own name is not a label. */
struct label_hint {
	const char *engine; /* overrides everything else; may be NULL */
	bool from_vcap;     /* written by vcap: the interface's description names the engine */
	const char *fallback;
};

/* Frees the texts; label is then LABEL_INIT. */
void label_release(struct label *label);

/* Sets *label, which the caller releases. A name that is a label already is kept. 0, or -1: out of
 * memory: *label is as LABEL_INIT. */
int label_of(struct label *label, const struct interface *interface, const struct label_hint *hint);

/* "ENGINE/IFACE", or with the side "ENGINE/IFACE/SIDE" if side is not NULL. Heap, NULL: out of
 * memory. */
char *label_format(const struct label *label, const char *side);

#endif
