/*
 * The transactions of a stream of packets: connections of both sides are followed, what they carry is
 * read, and each transaction is reported once when it is over. Memory is bounded by config.memory: what
 * was silent for longest is reported before its time then.
 *
 *	transactions_new -> transactions_pair ... -> transactions_see ... -> transactions_finish
 */
#ifndef VCAP_TRANSACTIONS_H
#define VCAP_TRANSACTIONS_H

#include "base/failure.h"
#include "filter/service.h"
#include "flows/connpair.h"
#include "packet/packet.h"
#include "transactions/transactions_config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transactions;

/* Where a packet was captured. */
struct transactions_place {
	uint16_t linktype;
	uint32_t engine; /* a number for each; the rows have it */
	enum side
	    side; /* by the interface's label, SIDE_OTHER if it has none; without a service it counts */
};

/* Copies config; what it points to must outlive the transactions. NULL: out of memory. */
struct transactions *transactions_new(const struct transactions_config *config,
				      struct failure *why);
/* transactions may be NULL. */
void transactions_free(struct transactions *transactions);

/* Adds a pair that a table names. Of a file, before its packets. */
void transactions_pair(struct transactions *transactions, const struct connpair *pair);

/* Takes the next packet, the number-th of the input from 1. */
void transactions_see(struct transactions *transactions, const struct packet *packet,
		      uint64_t number, const struct transactions_place *place);

/* Time goes on without a packet, to now_ns since 1970. */
void transactions_pass(struct transactions *transactions, int64_t now_ns);

/* The input has ended: what is open is reported. */
void transactions_finish(struct transactions *transactions);

/* How many rows were reported. */
uint64_t transactions_count(const struct transactions *transactions);
/* Whether connections were given up for want of memory. */
bool transactions_ran_short(const struct transactions *transactions);

#endif
