/*
 * When the packets of a row passed: from the first to the last of its connections that are of it.
 */
#ifndef VCAP_SPAN_H
#define VCAP_SPAN_H

#include "transactions/exchange.h"
#include "transactions/transaction.h"

/* Those of the row alone. */
void span_begin(struct transaction *row);
/* And what an exchange that has part in it adds: the first of a connection its handshake, one that has not ended well
 * all up to the connection's end. */
void span_add(struct transaction *row, const struct exchange *exchange);

#endif
