/*
 * Opens a source of connection pairs of any kind, and confines the process to what it needs.
 */
#ifndef VCAP_PAIRSOURCE_OPEN_H
#define VCAP_PAIRSOURCE_OPEN_H

#include "flows/pairsource.h"
#include "flows/pairsource_spec.h"

/* The log ring of HAProxy that is read unless another is named. */
#define PAIRSOURCE_RING "vcap"

/* Opens the source of spec; ring names the ring of a HAProxy, NULL is PAIRSOURCE_RING. Both are
 * borrowed until close. Without report only lines are read, which source->line takes. Then gives up each privilege (priv.h) that the source does not need any
 * more, before it reports anything. NULL on failure, with why filled: the process is then to exit,
 * as it may be confined. */
struct pairsource *pairsource_open(const struct pairsource_spec *spec, const char *ring,
				   connpair_report *report, void *context, struct failure *why);

/* Likewise, for the lines alone that are written to a log from now on; of a file of any kind. With
 * PAIRSOURCE_SPEC_CONNTRACK, which has none, it fails. */
struct pairsource *pairsource_open_new(const struct pairsource_spec *spec, const char *ring,
				       void *context, struct failure *why);

#endif
