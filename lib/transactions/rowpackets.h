/*
 * The packets of one row: of its connections, from the first of it to the last. With the first request of a
 * connection its handshake is, and with what did not end well the connection's end.
 */
#ifndef VCAP_ROWPACKETS_H
#define VCAP_ROWPACKETS_H

#include "filter/service.h"
#include "packet/packet.h"
#include "transactions/transaction.h"

#include <stdbool.h>
#include <stdint.h>

struct rowpackets {
	const struct service *service; /* borrowed; NULL: none */
	struct transaction_end client, vip, source, server;
	int64_t from_ns, to_ns;
	bool is_set;
};

/* Sets which packets are wanted: those of the row, whose strings and the service are borrowed. Pure. */
void rowpackets_set(struct rowpackets *rowpackets, const struct service *service,
		    const struct transaction *row);

/* A copy_judge; context is the struct rowpackets. */
bool rowpackets_has(void *rowpackets, const struct packet *packet, uint16_t linktype);

#endif
