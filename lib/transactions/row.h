/*
 * Rows (transaction.h) made of exchanges and connections that are over.
 */
#ifndef VCAP_ROW_H
#define VCAP_ROW_H

#include "transactions/sideconn.h"
#include "transactions/transaction.h"

/* What a row is made at: the input has ended or not, and the time by its packets. */
struct row_moment {
	int64_t now_ns;
	bool is_end;
	/* The last time that a server-side connection or request was seen which could have carried
	 * anything, as it is not known what it carried; EXCHANGE_NEVER. */
	int64_t unpaired_ns;
};

/* Texts of a row that it is made of. */
#define ROW_ATTEMPTS 512
struct row_texts {
	char attempts[ROW_ATTEMPTS];
};

/* Of a client's request with its attempts; or with the server's side alone, of client-side connection
 * conn, which may be NULL, or of the client at hint. texts lives as long as the row. */
void row_of_request(struct transaction *row, struct row_texts *texts, struct exchange *client,
		    const struct row_moment *moment);
void row_of_server_request(struct transaction *row, struct row_texts *texts,
			   struct exchange *server, struct sideconn *conn,
			   const struct row_moment *moment);
/* Of a connection to the engine and the one to a server that carries it, or of either alone. */
void row_of_connection(struct transaction *row, struct sideconn *client, struct sideconn *server,
		       const struct row_moment *moment);

#endif
