/*
 * Copies a capture file without the packets that do not belong. Everything else is kept: sections,
 * interfaces, comments, statistics, names and custom blocks, except those that forbid
 * copying or are malformed (struct note, packet.h).
 */
#ifndef VCAP_COPY_H
#define VCAP_COPY_H

#include "base/failure.h"
#include "capfile/reader.h"
#include "capfile/secrets.h"
#include "capfile/writer.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether the packet belongs. */
typedef bool copy_judge(void *context, const struct packet *packet, uint16_t linktype);
/* A comment for the last statistics, a line each; on the heap, freed by the copy. NULL: none. */
typedef char *copy_remark(void *context);

/* May give the packet other options, which stay valid until the next call. -1 with why: the copy fails. */
typedef int copy_annotate(void *context, struct packet *packet, struct failure *why);

enum copy_outcome {
	COPY_DONE,
	COPY_CUT, /* the input is damaged, malformed or cut short: what is sound was copied; why has
			more */
	COPY_FAILED, /* the output is not to be used */
};

/* in, out and context are the caller's. */
struct copy {
	struct reader *in;
	struct writer *out;
	copy_judge *judge;
	copy_remark *remark; /* called for each last statistics; may be NULL */
	copy_annotate
	    *annotate; /* of copy_packets: called for each packet that belongs; may be NULL */
	const char *application; /* the output's sections name it; NULL: those of the input */
	void *context;
	bool cuts;                     /* packets to their headers (packet/headers.h) */
	const struct secrets *secrets; /* whose keys go in front of the packets; NULL: none do */
	/* private */
	uint32_t interfaces; /* how many have been copied */
	bool has_remarked;
};

/* Finds the keys for copy_packets: of those in first, the same input, the ones of sessions that begin among the
 * packets that the judge of copy, which has no output yet, lets through. -1 with why. */
int copy_find_secrets(const struct copy *copy, struct reader *first, struct secrets *secrets,
		      struct failure *why);

/* Copies all of in to out, and flushes at each statistics and at the end. An unsupported link type
 * (linktype.h) is a failure. */
enum copy_outcome copy_packets(struct copy *copy, struct failure *why);

/*
 * The same step by step, for a caller that judges packets later than they arrive: copy_begin, then
 * after each event copy_interfaces and, by its kind, copy_note or copy_statistics, and at the end
 * copy_finish. Those that return int return 0, or -1 with why: the output is not to be used.
 */
int copy_begin(struct copy *copy, struct failure *why);
/* Adds the interfaces that are new in the input. */
int copy_interfaces(struct copy *copy, struct failure *why);
/* Copies the note of the input's source, if it is copyable. */
int copy_note(struct copy *copy, struct failure *why);
/* Writes the newest statistics of an interface, as of last_ns (nanoseconds since 1970) if that is
 * earlier than their own time, and flushes. */
int copy_statistics(struct copy *copy, uint32_t id, int64_t last_ns, struct failure *why);
/* Writes the remark, if no statistics had it, and flushes. cut says why the input ended early, or
 * is NULL. */
enum copy_outcome copy_finish(struct copy *copy, const struct failure *cut, struct failure *why);

#endif
