/*
 * Which request of a client a request to a server carries. Evidence names the client, by address and
 * port (a PROXY header, a table) or by address alone (a header); time does the rest: a request that is
 * carried has come, and has no response yet.
 *
 * Nothing is guessed: where several requests of a client were waiting and nothing tells them apart, the
 * server's side knows only the client's address.
 */
#ifndef VCAP_PAIRING_H
#define VCAP_PAIRING_H

#include "base/failure.h"
#include "base/siphash.h"
#include "flows/connpair.h"
#include "transactions/sideconn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pairing;

/* secret, which is random, keys the hashes. source_client: servers see the client's own address.
 * NULL: out of memory. */
struct pairing *pairing_new(struct siphash_key secret, bool source_client, struct failure *why);
/* pairing may be NULL. */
void pairing_free(struct pairing *pairing);

/* Adds a pair of a table. */
void pairing_add_pair(struct pairing *pairing, const struct connpair *pair);

/* A client-side connection begins, and is no longer to be found. */
void pairing_add_client(struct pairing *pairing, struct sideconn *conn);
void pairing_remove_client(struct pairing *pairing, struct sideconn *conn);

/* A client's request waits for a server, and no longer does. */
void pairing_wait(struct pairing *pairing, struct exchange *exchange);
void pairing_stop_waiting(struct pairing *pairing, struct exchange *exchange);

/* What a server-side exchange carries. */
struct pairing_match {
	struct exchange *carried;   /* a client's request; NULL: not known, or it cannot be read */
	struct sideconn *conn;      /* its connection; NULL: not known */
	struct evidence_end client; /* is_known: the client, at least */
	enum confidence confidence;
};

/* The client's request that this server-side exchange carries, whose head is complete or which is bare. */
struct pairing_match pairing_find(struct pairing *pairing, const struct exchange *exchange);

/* The client-side connection that this one to a server is on the other side of an address translation;
 * call when its SYN came. NULL: none. */
struct sideconn *pairing_find_translated(struct pairing *pairing, const struct sideconn *conn);

/* The only request of a client that waits for a server on that engine since before ns, without another
 * attempt under way. NULL: none, or several. */
struct exchange *pairing_only_waiting(struct pairing *pairing, uint32_t engine, int64_t ns);

#endif
