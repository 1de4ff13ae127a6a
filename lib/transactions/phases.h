/*
 * The phases of a transaction (vcap-transactions(7)), from the moments of its exchanges.
 */
#ifndef VCAP_PHASES_H
#define VCAP_PHASES_H

#include "transactions/sideconn.h"
#include "transactions/transaction.h"

/* The handshakes of a client-side connection, unless another row has them. */
void phases_of_client_handshake(struct transaction *row, struct sideconn *conn);
/* Those of a server-side one: CONNECT from the first SYN for what is carried, at from_ns, and STLS. */
void phases_of_server_handshake(struct transaction *row, struct sideconn *conn, int64_t from_ns);

/*
 * The phases of a request: client is its exchange on the client's side, server that of the server whose
 * response was relayed. Either may be NULL, server bare. first is the first attempt, which may be server.
 */
void phases_of_request(struct transaction *row, const struct exchange *client,
		       const struct exchange *server, const struct exchange *first);

#endif
