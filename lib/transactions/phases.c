/*
 * Each phase is the time between two moments, and stays unknown if one of them is, or if they are in
 * the wrong order: then it is not what its name says.
 */
#include "transactions/phases.h"

static void
set(struct transaction *row, enum phase phase, int64_t from_ns, int64_t to_ns)
{
	if (from_ns != EXCHANGE_NEVER && to_ns != EXCHANGE_NEVER && to_ns >= from_ns)
		row->phases[phase] = to_ns - from_ns;
}

static int64_t
later_of(int64_t a, int64_t b)
{
	return a > b ? a : b; /* EXCHANGE_NEVER is less than any time */
}

void
phases_of_client_handshake(struct transaction *row, struct sideconn *conn)
{
	if (conn->has_early_data)
		row->flags |= FLAG_0RTT;
	if (conn->has_told_handshake)
		return;
	conn->has_told_handshake = true;
	set(row, PHASE_CSYN, conn->synack_ns, conn->done_ns);
	if (!conn->has_early_data)
		set(row, PHASE_CTLS, conn->hello_ns, conn->tls_done_ns);
}

void
phases_of_server_handshake(struct transaction *row, struct sideconn *conn, int64_t from_ns)
{
	if (conn->has_told_handshake)
		return;
	conn->has_told_handshake = true;
	set(row, PHASE_CONNECT, from_ns, conn->synack_ns);
	if (!conn->has_early_data)
		set(row, PHASE_STLS, conn->hello_ns, conn->tls_done_ns);
}

/* When the request went on to a server: the SYN of a connection made for it, else its first byte. */
static int64_t
onward_ns(const struct exchange *attempt, int64_t since_ns)
{
	const struct sideconn *conn = attempt->conn;
	bool is_first = attempt->is_bare || attempt->number == 0;

	if (is_first && conn->syn_ns != EXCHANGE_NEVER && conn->syn_ns >= since_ns)
		return conn->syn_ns;
	return attempt->request.first.ns;
}

static void
set_client_phases(struct transaction *row, const struct exchange *client)
{
	const struct sideconn *conn = client->conn;
	int64_t idle_from =
	    client->number ? client->before_ns : later_of(conn->done_ns, conn->tls_done_ns);

	set(row, PHASE_IDLE, idle_from, client->request.first.ns);
	set(row, PHASE_REQHEAD, client->request.first.ns, client->request.head.ns);
	set(row, PHASE_REQBODY, client->request.head.ns, client->request.last.ns);
	if (!client->is_tunnel) {
		set(row, PHASE_TRANSFER, client->response.first.ns, client->response.last.ns);
		set(row, PHASE_DRAIN, client->response.last.ns, client->acked_ns);
		set(row, PHASE_TOTAL, client->request.first.ns, client->response.last.ns);
	}
	if (client->response.has_begun && row->phases[PHASE_TRANSFER] != PHASE_UNKNOWN)
		row->phases[PHASE_STALL] = client->stalled_ns;
	if (client->before_ns != EXCHANGE_NEVER && client->request.first.ns != EXCHANGE_NEVER &&
	    client->request.first.ns < client->before_ns)
		row->flags |= FLAG_PIPELINED;
}

static void
set_server_phases(struct transaction *row, const struct exchange *server)
{
	if (!server->response.has_begun || server->response.first.ns == EXCHANGE_NEVER)
		return;
	if (server->request.last.ns != EXCHANGE_NEVER &&
	    server->request.last.ns <= server->response.first.ns) {
		set(row, PHASE_TTFB, server->request.last.ns, server->response.first.ns);
	} else if (server->request.head.ns != EXCHANGE_NEVER) {
		set(row, PHASE_TTFB, server->request.head.ns, server->response.first.ns);
		row->flags |= FLAG_EARLY;
	}
}

/* The moment from which the engine could have gone on with the request. */
static int64_t
wait_from(const struct transaction *row, const struct exchange *client)
{
	if (row->unit == UNIT_NAT)
		return client->request.first.ns;
	return client->request.head.ns == EXCHANGE_NEVER
		   ? EXCHANGE_NEVER
		   : later_of(client->request.head.ns, client->before_ns);
}

void
phases_of_request(struct transaction *row, const struct exchange *client,
		  const struct exchange *server, const struct exchange *first)
{
	int64_t since_ns = client ? client->request.head.ns : EXCHANGE_NEVER;

	if (client) {
		if (client->number == 0) /* whichever is told first */
			phases_of_client_handshake(row, client->conn);
		set_client_phases(row, client);
	}
	if (!server)
		return;
	/* On a connection that was there before there is nothing to connect. */
	if ((server->is_bare || server->number == 0) &&
	    (!client || row->unit == UNIT_NAT || server->conn->syn_ns >= since_ns))
		phases_of_server_handshake(row, server->conn,
					   client && row->unit != UNIT_NAT
					       ? onward_ns(first, since_ns)
					       : server->conn->syn_ns);
	set_server_phases(row, server);
	if (!client)
		return;
	set(row, PHASE_WAIT, wait_from(row, client),
	    row->unit == UNIT_NAT ? server->request.first.ns : onward_ns(first, since_ns));
	set(row, PHASE_RELAY, server->response.first.ns, client->response.first.ns);
	if (client->request.last.ns != EXCHANGE_NEVER && row->unit != UNIT_NAT &&
	    client->request.last.ns > client->request.head.ns &&
	    client->request.last.ns <= onward_ns(first, since_ns))
		row->flags |= FLAG_BUFFERED;
}
