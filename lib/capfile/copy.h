/*
 * A capture file copied without the packets that do not belong. Everything else is kept: sections,
 * interfaces, comments, statistics, names, secrets, and blocks that are not understood, unless they
 * forbid it (custom blocks that are not to be copied) or their byte order cannot be known.
 */
#ifndef VCAP_COPY_H
#define VCAP_COPY_H

#include "base/failure.h"
#include "capfile/reader.h"
#include "capfile/writer.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether the packet belongs. */
typedef bool copy_judge(void *context, const struct packet *packet, uint16_t linktype);
/* What the last statistics of an interface are to say as well, a comment a line; NULL: nothing.
 * Heap. */
typedef char *copy_remark(void *context);

enum copy_outcome {
	COPY_DONE,
	COPY_CUT,    /* the input is damaged: what was whole has been copied, why says where */
	COPY_FAILED, /* the output is not to be used */
};

struct copy {
	struct reader *in;
	struct writer *out;
	copy_judge *judge;
	copy_remark *remark; /* may be NULL */
	void *context;
	/* Its own. */
	uint32_t interfaces;
	bool has_remarked;
};

/*
 * Copies all of in to out and flushes it, at each statistics too. A link type that filter.h does
 * not know is a failure.
 */
enum copy_outcome copy_packets(struct copy *sieve, struct failure *why);

/*
 * The same in parts, for whoever judges packets later than they come: first copy_begin; what to do
 * after each event but packets, and then at the end. Each returns 0, or -1.
 */
int copy_begin(struct copy *sieve, struct failure *why);
/* After each event, and first of all: interfaces that are new. */
int copy_interfaces(struct copy *sieve, struct failure *why);
int copy_note(struct copy *sieve, struct failure *why);
/* Statistics of the interface, as of last_ns at most, and a flush. */
int copy_statistics(struct copy *sieve, uint32_t which, int64_t last_ns, struct failure *why);
/* cut is why the input ended early, or NULL. */
enum copy_outcome copy_finish(struct copy *sieve, const struct failure *cut, struct failure *why);

#endif
