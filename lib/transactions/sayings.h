/*
 * What the proxy said of each request, by pairs that have its words (connpair.h): found by the client's
 * connection, whose requests it tells in their order; streams of HTTP/2 in that in which they end, as far as it
 * sees that, so what else is known of each has to tell them apart.
 */
#ifndef VCAP_SAYINGS_H
#define VCAP_SAYINGS_H

#include "flows/connpair.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most that are kept; what comes later is not. */
#define SAYINGS_MAX (1u << 18)

struct sayings {
	struct saying *list; /* heap, owned */
	size_t count;
	bool is_sorted;
};

#define SAYINGS_INIT ((struct sayings){0})

/* Frees the list; sayings is SAYINGS_INIT afterwards. */
void sayings_release(struct sayings *sayings);

/* Adds the words of a pair that has some and names its client's port. Without memory it is left out. */
void sayings_add(struct sayings *sayings, const struct connpair *pair);

/* The words on the which-th request, from 0, of the client's connection that lasted from from_ns to to_ns.
 * NULL: there are none. Valid until the next sayings_add. */
const struct connpair_said *sayings_find(struct sayings *sayings, struct addr client, uint16_t port,
					 int64_t from_ns, int64_t to_ns, uint64_t which);

/* What is known of a stream that is over. */
struct sayings_stream {
	struct addr client;
	uint16_t port;        /* the client's */
	uint16_t source_port; /* of the connection that carried it to a server; 0: not known */
	uint16_t status;      /* that the client was sent; 0: none, or not known */
	int64_t ended_ns;
	bool is_broken; /* somebody ended it before the client had all of the response */
};

/* The words on the stream: those lines about its connection that came when it ended and can be of it, if they all
 * say the same. Each line is given away once. NULL: there is none, or they differ. Valid until the next sayings_add. */
const struct connpair_said *sayings_take_stream(struct sayings *sayings,
						const struct sayings_stream *stream);

#endif
