/*
 * Packets of a stream that wait, in the order they came, for a verdict on their connection:
 * copies, in memory of a fixed size.
 */
#ifndef VCAP_HOLDQUEUE_H
#define VCAP_HOLDQUEUE_H

#include "base/failure.h"
#include "join/join.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>

struct holdqueue;

struct held {
	struct packet packet; /* data and options are the holdback's */
	uint16_t linktype;
	enum join_verdict verdict; /* if flow is NULL */
	struct conn *flow;         /* whom to ask */
};

struct holdqueue *holdqueue_new(size_t size, struct failure *why);
void holdqueue_free(struct holdqueue *holdback);

/* Copies the packet. false: there is no room; nothing has changed. */
bool holdqueue_put(struct holdqueue *holdback, const struct held *held);

/* Whether a packet of this size could be held at all. */
bool holdqueue_fits(const struct holdqueue *holdback, const struct packet *packet);

/* The one that came first, or NULL. */
const struct held *holdqueue_first(const struct holdqueue *holdback);
void holdqueue_drop_first(struct holdqueue *holdback);

#endif
