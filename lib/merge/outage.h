/*
 * An outage of a live input: a time of which it brings nothing, since its stream has ended and another one
 * was begun. The first packet after it gets a comment that says so.
 *
 *	outage_begin -> outage_end, if statistics come first -> outage_mark
 */
#ifndef VCAP_OUTAGE_H
#define VCAP_OUTAGE_H

#include "packet/packet.h"

#include <stddef.h>
#include <stdint.h>

enum outage_state {
	OUTAGE_NONE,
	OUTAGE_LASTS, /* nothing has come of the new stream */
	OUTAGE_OVER,  /* but no packet has */
};

struct outage {
	enum outage_state state;
	int64_t from_ns,
	    to_ns;      /* of the last one, by the corrected clock; from_ns may be INT64_MIN: the
				   input has brought nothing before */
	uint64_t count; /* of those that are over */
	unsigned char *options; /* of the packet that was marked last; heap */
	size_t room;
};

#define OUTAGE_INIT ((struct outage){.state = OUTAGE_NONE})

/* Frees the options. */
void outage_release(struct outage *outage);

/* A stream has ended, whose newest time was from_ns. One that lasts goes on. */
void outage_begin(struct outage *outage, int64_t from_ns);

/* The stream brings something again: it has captured since to_ns. */
void outage_end(struct outage *outage, int64_t to_ns);

/* Ends an outage that lasts with this packet of engine, and if it is the first after one, gives it the
 * comment. Its options belong to outage then. -1: out of memory. */
int outage_mark(struct outage *outage, const char *engine, struct packet *packet);

#define OUTAGE_TEXT 256 /* bytes */

/* "nothing of 'lb1' from TIME to TIME: its stream had ended", or "... before TIME: its stream began late".
 * Returns to. */
const char *outage_print(const struct outage *outage, const char *engine, char to[OUTAGE_TEXT]);

#endif
