/*
 * Who closed first of the parties to a transaction.
 */
#ifndef VCAP_CLOSING_H
#define VCAP_CLOSING_H

#include "transactions/sideconn.h"
#include "transactions/transaction.h"

#include <stdbool.h>
#include <stdint.h>

struct closing {
	int64_t ns; /* EXCHANGE_NEVER: nobody has closed */
	enum party who;
	enum ending how;
};

/* What ended: connections of both sides, and the exchanges on them; each may be NULL. */
struct closing_sides {
	const struct sideconn *client, *server;
	const struct exchange *asked, *carried;
	bool is_translated;  /* one connection, seen on both sides */
	bool is_half_closed; /* the client's FIN is behind a complete request */
};

/* Finds who closed first, and how. Pure. */
struct closing closing_find(const struct closing_sides *sides);

#endif
