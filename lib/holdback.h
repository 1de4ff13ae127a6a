/*
 * Packets of a stream that wait, in the order they came, for a verdict on their connection: copies,
 * in memory of a fixed size.
 */
#ifndef VCAP_HOLDBACK_H
#define VCAP_HOLDBACK_H

#include "failure.h"
#include "join.h"
#include "packet.h"

#include <stdbool.h>
#include <stddef.h>

struct holdback;

struct held {
	struct packet packet; /* data and options are the holdback's */
	uint16_t linktype;
	enum join_verdict verdict; /* if flow is NULL */
	struct flow *flow;         /* whom to ask */
};

struct holdback *holdback_new(size_t size, struct failure *why);
void holdback_free(struct holdback *holdback);

/* Copies the packet. false: there is no room; nothing has changed. */
bool holdback_put(struct holdback *holdback, const struct held *held);

/* Whether a packet of this size could be held at all. */
bool holdback_fits(const struct holdback *holdback, const struct packet *packet);

/* The one that came first, or NULL. */
const struct held *holdback_first(const struct holdback *holdback);
void holdback_drop_first(struct holdback *holdback);

#endif
