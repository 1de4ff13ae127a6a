/*
 * A capture file copied without the packets that do not belong. Everything else is kept: sections,
 * interfaces, comments, statistics, names, secrets, and blocks that are not understood, unless they
 * forbid it (custom blocks that are not to be copied) or their byte order cannot be known.
 */
#ifndef VCAP_SIEVE_H
#define VCAP_SIEVE_H

#include "capfile.h"
#include "failure.h"
#include "packet.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether the packet belongs. */
typedef bool sieve_judge(void *context, const struct packet *packet, uint16_t linktype);

enum sieve_outcome {
	SIEVE_DONE,
	SIEVE_CUT,    /* the input is damaged: what was whole has been copied, why says where */
	SIEVE_FAILED, /* the output is not to be used */
};

/*
 * Copies all of in to out and flushes it, at each statistics too. A link type that filter.h does
 * not know is a failure.
 */
enum sieve_outcome sieve_copy(struct capfile *in, struct capwriter *out, sieve_judge *judge,
			      void *context, struct failure *why);

#endif
