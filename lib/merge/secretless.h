/*
 * A source that passes another one on without the secrets in it (decryption secrets blocks, pcapng 4.7): where
 * packets are left out, their secrets would stay.
 */
#ifndef VCAP_SECRETLESS_H
#define VCAP_SECRETLESS_H

#include "base/failure.h"
#include "packet/packet.h"

struct secretless; /* opaque */

/* take, unless it is NULL, gets each block that is left out. from is the caller's and outlives it.
 * NULL with why: out of memory. */
struct secretless *secretless_new(struct source *from,
				  void (*take)(void *context, const struct note *note),
				  void *context, struct failure *why);
/* secretless may be NULL. */
void secretless_free(struct secretless *secretless);
/* The source without secrets, valid until secretless_free. It cannot be revisited. */
struct source *secretless_source(struct secretless *secretless);

#endif
