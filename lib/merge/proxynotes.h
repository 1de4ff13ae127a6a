/*
 * What the proxy said became of requests, and of how many, as the comments tell that vcap-transactions --mark
 * puts on packets: "vcap: haproxy 503 SC--". Only files that it wrote are believed.
 */
#ifndef VCAP_PROXYNOTES_H
#define VCAP_PROXYNOTES_H

#include "merge/inputs.h"
#include "packet/packet.h"

#include <stddef.h>
#include <stdint.h>

/* Words that are told apart; a file with more of them says it of the rest together. */
#define PROXYNOTES_MAX 256

struct proxynotes {
	const struct inputs *inputs; /* the caller's, of which the packets are */
	/* Private */
	struct proxynote *list; /* heap */
	size_t count;
	uint64_t rest;
};

/* Counts what the packet's comments say; context is a struct proxynotes. -1: out of memory. */
int proxynotes_see(void *context, const struct packet *packet);

/* Frees the counts, and returns them, a line "haproxy: 503 SC-- of 12 requests" each without a newline behind
 * the last, the most frequent first: heap, the caller's. NULL: there are none, or out of memory. */
char *proxynotes_finish(struct proxynotes *notes);

#endif
