/*
 * Keys (packet/tlskey.h) from the lines of a source (pairsource.h), each once: HAProxy logs those of a
 * session with each of its requests, and tells its ring anew after a reload.
 */
#ifndef VCAP_KEYFEED_H
#define VCAP_KEYFEED_H

#include "flows/pairsource.h"
#include "flows/pairsource_spec.h"
#include "packet/helloset.h"
#include "packet/tlskey.h"

#include <stdint.h>

/* The log ring of HAProxy that is read unless another is named. */
#define KEYFEED_RING "vcap-keys"

typedef void keyfeed_report(void *context, const struct tlskey *key);

struct keyfeed {
	keyfeed_report *report; /* called from read of the source */
	void *context;          /* for report */
	uint64_t refused;       /* lines with something that is no key (tlskey.h) */
	struct helloset seen;   /* private */
};

/* Opens the source of spec, and confines the process, as pairsource_open; ring NULL is KEYFEED_RING.
 * feed is then its context, and has to outlive it. The first line that is refused makes a note. */
struct pairsource *keyfeed_open(struct keyfeed *feed, const struct pairsource_spec *spec,
				const char *ring, struct failure *why);

/* Frees the hellos that were seen; the fields stay. */
void keyfeed_release(struct keyfeed *feed);

#endif
