/*
 * What transactions are asked for.
 */
#ifndef VCAP_TRANSACTIONS_CONFIG_H
#define VCAP_TRANSACTIONS_CONFIG_H

#include "base/siphash.h"
#include "filter/service.h"
#include "transactions/connlist.h"
#include "transactions/transaction.h"

#include <stddef.h>
#include <stdint.h>

/* Receives a row, valid for the call. */
typedef void transactions_report(void *context, const struct transaction *row);

struct transactions_config {
	const struct service *service; /* NULL: sides are those that the interfaces' labels tell */
	struct service_header
	    header;                /* instead of the service's, if its name is not NULL; borrowed */
	int64_t hold_ns;           /* how long one that is over waits for a pair that comes late */
	size_t memory;             /* in bytes */
	struct siphash_key secret; /* random */
	struct connlist *connlist; /* counts every packet; borrowed; NULL: nobody does */
	transactions_report *report;
	void *context;
};

#endif
