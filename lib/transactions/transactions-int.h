/*
 * The state of transactions, shared by transactions.c (packets to connections), relate.c (what carries
 * what) and settle.c (what is over becomes rows).
 */
#ifndef VCAP_TRANSACTIONS_INT_H
#define VCAP_TRANSACTIONS_INT_H

#include "transactions/pairing.h"
#include "transactions/sayings.h"
#include "transactions/sideconn.h"
#include "transactions/transactions_config.h"

#include <stdbool.h>
#include <stdint.h>

struct transactions {
	struct transactions_config config;
	struct allowance memory;
	struct conntable *conns;
	struct pairing *pairing;
	struct sayings sayings;
	struct sideconn_watch watch;
	struct forwarded_rule rule;
	/* What is over, in the order of time; each is held. */
	struct exchange *first_settled, *last_settled;
	struct sideconn *first_closed, *last_closed;
	int64_t now_ns;
	int64_t unpaired_ns; /* row.h */
	uint64_t ids;
	bool is_end, ran_short;
};

static inline void
transactions_hold(struct sideconn *conn)
{
	conntable_hold(&conn->conn);
}

static inline void
transactions_let_go(struct transactions *t, struct sideconn *conn)
{
	conntable_let_go(t->conns, &conn->conn);
}

/* Pairs a server-side exchange, whose head is complete or which is bare, with what it carries. */
void relate_exchange(struct transactions *t, struct exchange *server);
/* A connection to a server begins. */
void relate_attempt(struct transactions *t, struct sideconn *conn);
/* The exchange that stands for all of a server-side connection; NULL: out of memory. */
struct exchange *relate_bare(struct transactions *t, struct sideconn *conn);
void relate_drop_bare(struct transactions *t, struct sideconn *conn);
/* Undoes what was paired with a client's exchange, and with a client-side connection as a whole. */
void relate_drop_attempts(struct transactions *t, struct exchange *client);
void relate_drop_client(struct transactions *t, struct exchange *server);
void relate_drop_server(struct transactions *t, struct sideconn *client);

/* The functions of struct sideconn_watch; context is the struct transactions. */
void relate_on_asked(void *context, struct exchange *exchange);
void relate_on_answered(void *context, struct exchange *exchange);
void relate_on_opened(void *context, struct sideconn *conn);

/* Nothing more is expected of the exchange, of the connection: it waits for what comes late. */
void settle_exchange(struct transactions *t, struct exchange *exchange);
void settle_conn(struct transactions *t, struct sideconn *conn);
/* Tells the connection and what it carries at once. */
void settle_now(struct transactions *t, struct sideconn *conn);
/* Tells what has waited long enough; at the end of the input all. */
void settle_due(struct transactions *t);
/* Tells a flow of datagrams that was silent, as of the time at hand. */
void settle_flow(struct transactions *t, struct sideconn *conn);

#endif
