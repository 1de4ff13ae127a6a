/*
 * The label of an interface, which says where its packets are from: `ENGINE/IFACE`, or
 * `ENGINE/IFACE/SIDE` if the side of the proxy is known. IFACE is `-` if it has no name.
 */
#ifndef VCAP_LABEL_H
#define VCAP_LABEL_H

#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>

struct label {
	char *text; /* heap; engine, iface and side point into it */
	const char *engine, *iface;
	const char *side; /* NULL if none */
	const char *via;  /* hint->engine, not copied: the name of the input, or NULL */
};

#define LABEL_INIT ((struct label){0})

/*
 * What names the engine of an interface, and whether a name that is a label already is believed. An
 * input without a name is a merged file that its user chose: its labels are kept. An input that has
 * a name is one engine's, which may have written anything: it is of that engine whatever it says,
 * and only the packets of a region, a controller with engines of its own, have more labels.
 */
struct label_hint {
	const char *engine; /* the name of the input; or NULL */
	bool from_vcap;     /* written by vcap: the interface's description names the engine */
	const char *fallback;
	/* The input is a region. Its labels name none of these engines: NULL-ended, or NULL. */
	bool is_region;
	char *const *strangers;
};

/* Frees the texts; label is then LABEL_INIT. */
void label_release(struct label *label);

/* Whether text that begins with the name of an engine, of this many bytes, is believed. */
bool label_admits(const struct label_hint *hint, const char *engine, size_t size);

/* Whether something else than the fallback names the engine. */
bool label_is_told(const struct interface *interface, const struct label_hint *hint);

/*
 * Sets *label, which the caller releases. A name that is a label is kept if its engine is admitted;
 * else it becomes the interface of the input's engine, each `/` written `%2F`. A side is believed
 * of regions, and of inputs without a name. 0, or -1: out of memory: *label is as LABEL_INIT.
 */
int label_of(struct label *label, const struct interface *interface, const struct label_hint *hint);

/* "ENGINE/IFACE", or with the side "ENGINE/IFACE/SIDE" if side is not NULL. Heap, NULL: out of
 * memory. */
char *label_format(const struct label *label, const char *side);

#endif
