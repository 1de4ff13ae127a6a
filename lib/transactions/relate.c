/*
 * What carries what. A client's exchange holds its attempts and their connections. A client-side
 * connection whose bytes say nothing holds the server-side one that carries it, which points back
 * without holding it: so the client's can always be given up for want of memory, and the server's after
 * it. A server-side exchange of a client that cannot be read holds the client's connection.
 *
 * A connection that is being made to a server stands among the attempts of a client's request if that
 * is the only one waiting. Such an attempt is tentative, and counts only if it fails: a failed connect
 * carries nothing that could say whose it was.
 */
#include "transactions/transactions-int.h"

/* Makes a server-side exchange the newest attempt of a client's. */
static void
carry(struct exchange *client, struct exchange *server, enum confidence confidence)
{
	if (exchange_attempt(client, server) < 0)
		return;
	transactions_hold(server->conn);
	server->carries = client;
	if (!server->is_tentative)
		client->confidence = server->confidence = confidence;
}

static void
uncarry(struct transactions *t, struct exchange *server)
{
	struct sideconn *conn = server->conn;

	if (!server->carries)
		return;
	exchange_drop_attempt(server->carries, server);
	server->carries = NULL;
	exchange_let_go(server);
	transactions_let_go(t, conn);
}

void
relate_drop_attempts(struct transactions *t, struct exchange *client)
{
	while (client->attempt_count) {
		struct exchange *newest = client->attempts[client->attempt_count - 1];

		newest->is_told = true;
		uncarry(t, newest);
	}
}

void
relate_drop_client(struct transactions *t, struct exchange *server)
{
	if (server->client)
		transactions_let_go(t, server->client);
	server->client = NULL;
}

struct exchange *
relate_bare(struct transactions *t, struct sideconn *conn)
{
	if (!conn->bare)
		conn->bare = exchange_new(conn, &t->memory);
	if (conn->bare)
		conn->bare->is_bare = true;
	return conn->bare;
}

void
relate_drop_bare(struct transactions *t, struct sideconn *conn)
{
	struct exchange *bare = conn->bare;

	if (!bare)
		return;
	conn->bare = NULL;
	relate_drop_client(t, bare);
	uncarry(t, bare);
	exchange_let_go(bare);
}

void
relate_drop_server(struct transactions *t, struct sideconn *client)
{
	struct sideconn *server = client->other_side;

	if (!server)
		return;
	client->other_side = NULL;
	server->other_side = NULL;
	transactions_let_go(t, server);
}

/* Pairs connections as a whole; a later one takes the place of an earlier, which failed. */
static void
pair_conns(struct transactions *t, struct sideconn *client, struct sideconn *server,
	   enum confidence confidence)
{
	if (server->other_side || client->is_finished)
		return;
	if (client->other_side)
		client->other_side->is_told = true;
	relate_drop_server(t, client);
	client->other_side = server;
	server->other_side = client;
	transactions_hold(server);
	client->server_count++;
	client->confidence = server->confidence = confidence;
	if (confidence == CONFIDENCE_SEQUENCE)
		connlist_translate(t->config.connlist, server->entry, client->entry);
	else
		connlist_carry(t->config.connlist, server->entry, client->entry);
}

void
relate_exchange(struct transactions *t, struct exchange *server)
{
	struct pairing_match match;

	if ((server->carries && !server->is_tentative) || server->client ||
	    server->conn->other_side)
		return;
	match = pairing_find(t->pairing, server);
	if (match.carried) {
		uncarry(t, server);
		server->is_tentative = false;
		carry(match.carried, server, match.confidence);
		return;
	}
	if (match.conn && server->is_bare) {
		pair_conns(t, match.conn, server->conn, match.confidence);
	} else if (match.conn) {
		server->client = match.conn;
		transactions_hold(match.conn);
	}
	if (match.client.is_known)
		server->told_client = match.client;
	server->confidence = match.confidence;
	if (!match.conn)
		t->unpaired_ns = t->now_ns;
}

void
relate_attempt(struct transactions *t, struct sideconn *conn)
{
	struct sideconn *client = pairing_find_translated(t->pairing, conn);
	struct exchange *waiting;

	if (client) {
		pair_conns(t, client, conn, CONFIDENCE_SEQUENCE);
		return;
	}
	waiting = pairing_only_waiting(t->pairing, conn->engine, conn->syn_ns);
	if (!waiting || !relate_bare(t, conn))
		return;
	conn->bare->is_tentative = true;
	carry(waiting, conn->bare, CONFIDENCE_NONE);
}

/* Address translation: the requests of both sides are the same bytes. */
static void
relate_translated(struct exchange *server)
{
	struct sideconn *client = server->conn->other_side;

	for (struct exchange *e = client ? client->first : NULL; e; e = e->next)
		if (e->request.has_begun && e->request.from == server->request.from &&
		    !server->carries)
			carry(e, server, CONFIDENCE_SEQUENCE);
}

/* The functions of struct sideconn_watch. */

void
relate_on_asked(void *context, struct exchange *exchange)
{
	struct transactions *t = context;
	struct sideconn *conn = exchange->conn;

	if (!conn->conn.key.is_server_side) {
		pairing_wait(t->pairing, exchange);
	} else if (conn->confidence == CONFIDENCE_SEQUENCE) {
		relate_translated(exchange);
	} else {
		relate_drop_bare(t, conn);
		if (!conn->is_own)
			relate_exchange(t, exchange);
	}
}

void
relate_on_answered(void *context, struct exchange *exchange)
{
	struct transactions *t = context;

	exchange->unpaired_ns = t->unpaired_ns;
	pairing_stop_waiting(t->pairing, exchange);
	settle_exchange(t, exchange);
}

/* What cannot be read, or not yet. */
void
relate_on_opened(void *context, struct sideconn *conn)
{
	struct transactions *t = context;

	if (conn->conn.key.is_server_side && !conn->is_own && !conn->other_side &&
	    relate_bare(t, conn))
		relate_exchange(t, conn->bare);
}
