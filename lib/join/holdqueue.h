/*
 * A queue of packets of a stream that wait for a verdict on their connection: copies, first in
 * first out, in memory of a fixed size.
 */
#ifndef VCAP_HOLDQUEUE_H
#define VCAP_HOLDQUEUE_H

#include "base/failure.h"
#include "join/conntable.h"
#include "join/verdict.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>

struct holdqueue;

struct held {
	struct packet packet; /* once queued, data and options belong to the queue */
	uint16_t linktype;
	enum join_verdict verdict; /* if conn is NULL */
	struct conn *conn;         /* for join_ask; the caller holds it */
};

/* size is in bytes, for packets and what is kept with each. NULL: out of memory. */
struct holdqueue *holdqueue_new(size_t size, struct failure *why);
/* queue may be NULL. Connections of packets that are left stay held. */
void holdqueue_free(struct holdqueue *queue);

/* Appends a copy. false: no room, and the queue is unchanged. */
bool holdqueue_put(struct holdqueue *queue, const struct held *held);

/* Whether the packet would fit into the queue if it were empty. */
bool holdqueue_fits(const struct holdqueue *queue, const struct packet *packet);

/* The oldest packet, or NULL; valid until it is dropped. */
const struct held *holdqueue_first(const struct holdqueue *queue);
/* Removes the oldest packet, which is there. */
void holdqueue_drop_first(struct holdqueue *queue);

#endif
