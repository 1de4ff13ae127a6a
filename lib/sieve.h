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
/* What the last statistics of an interface are to say as well, a comment a line; NULL: nothing.
 * Heap. */
typedef char *sieve_remark(void *context);

enum sieve_outcome {
	SIEVE_DONE,
	SIEVE_CUT,    /* the input is damaged: what was whole has been copied, why says where */
	SIEVE_FAILED, /* the output is not to be used */
};

struct sieve {
	struct capfile *in;
	struct capwriter *out;
	sieve_judge *judge;
	sieve_remark *remark; /* may be NULL */
	void *context;
	/* Its own. */
	uint32_t interfaces;
	bool has_remarked;
};

/*
 * Copies all of in to out and flushes it, at each statistics too. A link type that filter.h does
 * not know is a failure.
 */
enum sieve_outcome sieve_copy(struct sieve *sieve, struct failure *why);

/*
 * The same in parts, for whoever judges packets later than they come: first sieve_begin; what to do
 * after each event but packets, and then at the end. Each returns 0, or -1.
 */
int sieve_begin(struct sieve *sieve, struct failure *why);
/* After each event, and first of all: interfaces that are new. */
int sieve_interfaces(struct sieve *sieve, struct failure *why);
int sieve_note(struct sieve *sieve, struct failure *why);
/* Statistics of the interface, as of last_ns at most, and a flush. */
int sieve_statistics(struct sieve *sieve, uint32_t which, int64_t last_ns, struct failure *why);
/* cut is why the input ended early, or NULL. */
enum sieve_outcome sieve_finish(struct sieve *sieve, const struct failure *cut,
				struct failure *why);

#endif
