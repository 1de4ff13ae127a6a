/*
 * What is over as a row: the client's side says what the client saw, the newest attempt whose server it was,
 * and the earliest closer who ended it. What concerns a connection is in one of its rows only, if it can be
 * summed.
 */
#include "transactions/row.h"

#include "base/clock.h"
#include "transactions/closing.h"
#include "transactions/phases.h"

#include <stdio.h>
#include <string.h>

/* Silence of this length is told as such when nobody closed. */
#define SILENT_NS (5 * NS_PER_SECOND)

static struct transaction_end
end_of(struct addr addr, uint16_t port)
{
	return (struct transaction_end){addr, port, true, true};
}

/* On HTTP/2 what concerns the connection is told with the stream that is told next, and once. */
static uint64_t
untold(uint64_t count, uint64_t *told)
{
	uint64_t more = count - *told;

	*told = count;
	return more;
}

/* Of both directions of a connection, or of both messages of a request. */
static uint64_t
retransmissions_of(const struct sideconn *conn)
{
	return conn->directions[0].retransmissions + conn->directions[1].retransmissions;
}

static uint64_t
out_of_order_of(const struct sideconn *conn)
{
	return conn->directions[0].out_of_order + conn->directions[1].out_of_order;
}

/* What TCP counted for a request, on one side. */
static void
set_counts(const struct exchange *exchange, uint64_t *retransmissions, uint64_t *zero_windows,
	   uint64_t *out_of_order)
{
	const struct exchange_message *request = &exchange->request,
				      *response = &exchange->response;
	struct sideconn *conn = exchange->conn;

	if (exchange->stream) {
		*retransmissions = untold(retransmissions_of(conn), &conn->told_retransmissions);
		*zero_windows =
		    untold(conn->directions[CONN_FORWARD].zero_windows, &conn->told_zero_windows);
		*out_of_order = untold(out_of_order_of(conn), &conn->told_out_of_order);
		return;
	}
	*retransmissions = request->retransmissions + response->retransmissions;
	*zero_windows = exchange->zero_windows;
	*out_of_order = request->out_of_order + response->out_of_order;
}

static void
set_client_counts(struct transaction *row, const struct exchange *client)
{
	set_counts(client, &row->client_retransmissions, &row->client_zero_windows,
		   &row->client_out_of_order);
}

static void
set_server_counts(struct transaction *row, const struct exchange *server)
{
	set_counts(server, &row->server_retransmissions, &row->server_zero_windows,
		   &row->server_out_of_order);
}

/* The round trip of the handshake; after a SYN that was sent again nobody knows which one was answered. */
static int64_t
initial_rtt_of(const struct sideconn *conn)
{
	return conn->syns == 1 && conn->done_ns != EXCHANGE_NEVER ? conn->done_ns - conn->syn_ns
								  : PHASE_UNKNOWN;
}

static void
set_client(struct transaction *row, const struct sideconn *conn)
{
	const struct flowkey *ends = &conn->conn.key.ends;

	row->client = end_of(ends->one, ends->port);
	row->vip = end_of(ends->other, ends->other_port);
	row->engine = conn->engine;
	if (ends->protocol != PROTOCOL_TCP)
		return;
	row->server_name = conn->server_name;
	row->alpn = conn->alpn;
	row->client_retransmissions = retransmissions_of(conn);
	row->client_out_of_order = out_of_order_of(conn);
	row->client_zero_windows = conn->directions[CONN_FORWARD].zero_windows;
	/* The samples of what the engine sent: from there to the client and back. */
	if (conn->directions[CONN_BACKWARD].rtt_min_ns)
		row->client_rtt_ns = conn->directions[CONN_BACKWARD].rtt_min_ns;
	row->client_initial_rtt_ns = initial_rtt_of(conn);
	if (!conn->conn.handshake.has_isn)
		row->flags |= FLAG_MIDWAY;
}

static void
set_server(struct transaction *row, const struct sideconn *conn)
{
	const struct flowkey *ends = &conn->conn.key.ends;

	row->server = end_of(ends->other, ends->other_port);
	row->source = end_of(ends->one, ends->port);
	row->engine = conn->engine;
	if (ends->protocol != PROTOCOL_TCP)
		return;
	if (conn->directions[CONN_FORWARD].rtt_min_ns)
		row->server_rtt_ns = conn->directions[CONN_FORWARD].rtt_min_ns;
	row->server_initial_rtt_ns = initial_rtt_of(conn);
	if (row->unit == UNIT_NAT)
		return; /* its segments are the client's, counted there */
	row->server_retransmissions = retransmissions_of(conn);
	row->server_out_of_order = out_of_order_of(conn);
	row->server_zero_windows = conn->directions[CONN_FORWARD].zero_windows;
}

/* Of a connection whose bytes say nothing all count. */
static void
set_lost(struct transaction *row, const struct sideconn *conn)
{
	if (conn->directions[0].lost_bytes || conn->directions[1].lost_bytes)
		row->flags |= FLAG_LOST;
}

static void
set_alert(struct transaction *row, const struct sideconn *conn)
{
	static const enum party parties[2][2] = {{PARTY_CLIENT, PARTY_ENGINE},
						 {PARTY_ENGINE, PARTY_SERVER}};

	if (!conn->has_alert || row->alert)
		return;
	row->alert = tls_alert_name(conn->alert);
	row->alert_from = parties[conn->conn.key.is_server_side][conn->alert_from];
}

/* How it ended. */
static void
set_ending(struct transaction *row, struct closing_sides sides, const struct row_moment *moment)
{
	struct closing first;

	sides.is_translated = row->unit == UNIT_NAT;
	first = closing_find(&sides);
	if (sides.is_half_closed &&
	    (first.ns == EXCHANGE_NEVER || sides.client->fin_ns[CONN_FORWARD] < first.ns))
		row->flags |= FLAG_HALFCLOSE;
	row->who = first.who;
	row->ending = first.how;
	row->silent_ns = moment->now_ns - row->ended_ns;
	if (first.ns == EXCHANGE_NEVER && row->silent_ns >= SILENT_NS)
		row->ending = ENDING_SILENT;
	else if (first.ns == EXCHANGE_NEVER && !moment->is_end)
		row->ending = ENDING_CUT; /* memory was short */
}

/* What became of an attempt that failed; NULL: it did not. */
static const char *
failure_of(const struct exchange *attempt, char status[8])
{
	const struct sideconn *conn = attempt->conn;

	if (conn->unreachable_ns != EXCHANGE_NEVER)
		return "unreachable";
	if (sideconn_has_failed(conn))
		return conn->rst_ns[CONN_BACKWARD] != EXCHANGE_NEVER ? "refused" : "timeout";
	if (attempt->is_bare)
		return conn->synack_ns == EXCHANGE_NEVER && conn->syn_ns != EXCHANGE_NEVER
			   ? "timeout"
			   : NULL;
	if (attempt->response.has_ended) {
		snprintf(status, 8, "%u", attempt->status);
		return status;
	}
	if (conn->rst_ns[CONN_BACKWARD] != EXCHANGE_NEVER ||
	    attempt->reset_ns[CONN_BACKWARD] != EXCHANGE_NEVER)
		return "reset";
	return conn->fin_ns[CONN_BACKWARD] != EXCHANGE_NEVER ? "closed" : NULL;
}

static void
add_failed(struct row_texts *texts, const struct exchange *attempt, const char *what)
{
	size_t length = strlen(texts->attempts);
	const struct flowkey *ends = &attempt->conn->conn.key.ends;
	char text[ADDR_TEXT];

	addr_format(ends->other, text, sizeof(text));
	snprintf(texts->attempts + length, sizeof(texts->attempts) - length,
		 ends->other.family == 6 ? "%s[%s]:%u %s" : "%s%s:%u %s", length ? ", " : "", text,
		 ends->other_port, what);
}

/* The attempt whose response is relayed: the last that is one. The others have failed. */
static struct exchange *
take_attempts(struct transaction *row, struct row_texts *texts, const struct exchange *client,
	      struct exchange **first)
{
	struct exchange *last = NULL;
	char status[8];

	*first = NULL;
	texts->attempts[0] = '\0';
	for (size_t i = 0; i < client->attempt_count; i++)
		if (!client->attempts[i]->is_tentative || failure_of(client->attempts[i], status)) {
			last = client->attempts[i];
			*first = *first ? *first : last;
			row->attempts++;
		}
	for (size_t i = 0; i < client->attempt_count; i++) {
		const struct exchange *attempt = client->attempts[i];
		const char *what = failure_of(attempt, status);

		if (what && (attempt != last || what != status))
			add_failed(texts, attempt, what);
	}
	row->failed_attempts = texts->attempts[0] ? texts->attempts : NULL;
	return last;
}

static uint64_t
bytes_of(const struct exchange *exchange, const struct exchange_message *message)
{
	if (!message->has_begun)
		return 0;
	return exchange->stream ? message->stream_bytes : (uint64_t)(message->to - message->from);
}

static void
set_message(struct transaction *row, const struct exchange *exchange)
{
	const struct exchange_message *request = &exchange->request,
				      *response = &exchange->response;

	row->method = exchange->method[0] ? exchange->method : NULL;
	row->target = exchange->target;
	row->target_is_cut = exchange->target_is_cut;
	row->has_bytes = true;
	row->request_bytes = bytes_of(exchange, request);
	row->response_bytes = bytes_of(exchange, response);
	if (exchange->has_informational)
		row->flags |= FLAG_1XX;
	if (exchange->is_tunnel)
		row->flags |= FLAG_TUNNEL;
	if (request->has_hole || response->has_hole)
		row->flags |= FLAG_LOST;
}

static int64_t
earliest(const struct exchange *exchange)
{
	if (exchange->request.first.ns != EXCHANGE_NEVER)
		return exchange->request.first.ns;
	return exchange->response.first.ns != EXCHANGE_NEVER ? exchange->response.first.ns
							     : exchange->seen_ns;
}

static int64_t
latest(const struct exchange *exchange)
{
	const int64_t times[] = {exchange->seen_ns,          exchange->request.first.ns,
				 exchange->request.last.ns,  exchange->response.first.ns,
				 exchange->response.last.ns, exchange->acked_ns};
	int64_t last = EXCHANGE_NEVER;

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
		if (times[i] > last)
			last = times[i];
	return last;
}

static void
set_marks(struct transaction *row, const struct exchange *exchange, size_t from)
{
	row->marks[from] = exchange->request.first.packet;
	row->marks[from + 1] = exchange->response.first.packet;
}

/* Whether one direction does not pass the engine, as with direct routing: the other one acknowledges it. */
static bool
is_oneway(const struct sideconn *conn)
{
	for (int i = 0; i < 2; i++) {
		const struct tcp_direction *unseen = &conn->directions[i];

		if (unseen->segments == 0 && unseen->has_acked &&
		    (unseen->lost_bytes || conn->conn.handshake.has_isn))
			return true;
	}
	return false;
}

/* What is not known then is not lost. */
static void
set_oneway(struct transaction *row, const struct sideconn *conn)
{
	if (!is_oneway(conn))
		return;
	row->flags = (row->flags & ~(unsigned)(FLAG_LOST | FLAG_HALFCLOSE)) | FLAG_ONEWAY;
	row->ending = ENDING_CUT;
	row->who = PARTY_NOBODY;
}

/* How a message ended of which bytes are missing, nobody knows. */
static void
set_cut(struct transaction *row, const struct exchange *exchange)
{
	if (exchange->is_tunnel || (!exchange->response.has_hole && !exchange->request.has_hole))
		return;
	row->ending = ENDING_CUT;
	row->who = PARTY_NOBODY;
}

static bool
is_complete(const struct exchange *client)
{
	return client->response.has_ended && client->acked_ns != EXCHANGE_NEVER;
}

/* Whose response the client got. */
static enum party
origin_of(const struct exchange *client, const struct exchange *server,
	  const struct row_moment *moment)
{
	if (!client->response.has_begun)
		return PARTY_NOBODY;
	if (server && server->response.has_begun &&
	    server->response.first.ns <= client->response.first.ns)
		return PARTY_SERVER;
	/* Something unknown may have carried it. */
	if ((server && server->is_bare && !sideconn_has_failed(server->conn)) ||
	    moment->unpaired_ns >= client->request.first.ns)
		return PARTY_NOBODY;
	return PARTY_ENGINE;
}

void
row_of_request(struct transaction *row, struct row_texts *texts, struct exchange *client,
	       const struct row_moment *moment)
{
	struct sideconn *conn = client->conn;
	struct exchange *first, *server;
	bool is_half_closed;

	transaction_init(row);
	server = take_attempts(row, texts, client, &first);
	row->unit = conn->confidence == CONFIDENCE_SEQUENCE ? UNIT_NAT : UNIT_REQUEST;
	row->confidence =
	    conn->confidence == CONFIDENCE_SEQUENCE ? conn->confidence : client->confidence;
	set_client(row, conn);
	set_message(row, client);
	set_client_counts(row, client);
	row->status = client->status;
	row->began_ns = earliest(client);
	row->ended_ns = latest(client);
	if (server) {
		set_server(row, server->conn);
		row->server_status = server->status;
		if (row->unit != UNIT_NAT && !server->is_bare)
			set_server_counts(row, server);
		if (server->request.has_hole || server->response.has_hole)
			row->flags |= FLAG_LOST;
		set_marks(row, server, 2);
		if (latest(server) > row->ended_ns)
			row->ended_ns = latest(server);
	}
	set_marks(row, client, 0);
	phases_of_request(row, client, server, first);
	row->from = origin_of(client, server, moment);
	/* On HTTP/2 END_STREAM says that; a FIN is the end of all streams. */
	is_half_closed = client->request.has_ended && !client->stream &&
			 conn->fin_ns[CONN_FORWARD] != EXCHANGE_NEVER &&
			 conn->fin_ns[CONN_FORWARD] >= client->request.last.ns;
	if (is_complete(client)) {
		row->ending = ENDING_COMPLETE;
		return;
	}
	if (client->is_tunnel)
		is_half_closed = false;
	set_ending(row,
		   (struct closing_sides){.client = conn,
					  .server = server ? server->conn : NULL,
					  .asked = client,
					  .carried = server,
					  .is_half_closed = is_half_closed},
		   moment);
	set_cut(row, client);
	set_oneway(row, conn);
}

void
row_of_server_request(struct transaction *row, struct row_texts *texts, struct exchange *server,
		      struct sideconn *conn, const struct row_moment *moment)
{
	texts->attempts[0] = '\0';
	transaction_init(row);
	row->unit = UNIT_REQUEST;
	row->confidence = server->confidence;
	if (conn) {
		set_client(row, conn);
		phases_of_client_handshake(row, conn);
		set_alert(row, conn);
	} else if (server->told_client.is_known) {
		row->client = (struct transaction_end){.addr = server->told_client.addr,
						       .port = server->told_client.port,
						       .is_known = true,
						       .has_port = server->told_client.has_port};
	}
	set_message(row, server);
	row->server_status = server->status;
	row->began_ns = earliest(server);
	if (server->number == 0 && server->conn->syn_ns != EXCHANGE_NEVER &&
	    server->conn->syn_ns < row->began_ns)
		row->began_ns = server->conn->syn_ns;
	row->ended_ns = latest(server);
	set_server(row, server->conn);
	set_server_counts(row, server);
	row->attempts = 1;
	row->from = server->response.has_begun ? PARTY_SERVER : PARTY_NOBODY;
	set_marks(row, server, 2);
	phases_of_request(row, NULL, server, server);
	if (server->response.has_ended)
		row->ending = ENDING_COMPLETE;
	else
		set_ending(row,
			   (struct closing_sides){
			       .client = conn, .server = server->conn, .carried = server},
			   moment);
	if (!server->response.has_ended)
		set_cut(row, server);
	set_oneway(row, server->conn);
}

void
row_of_connection(struct transaction *row, struct sideconn *client, struct sideconn *server,
		  const struct row_moment *moment)
{
	struct sideconn *any = client ? client : server;

	transaction_init(row);
	/* cppcheck-suppress nullPointerRedundantCheck ; one of the two is given */
	row->unit = any->conn.key.ends.protocol != PROTOCOL_TCP           ? UNIT_FLOW
		    : !server                                             ? UNIT_CONNECTION
		    : client && client->confidence == CONFIDENCE_SEQUENCE ? UNIT_NAT
									  : UNIT_PAIR;
	row->confidence = client ? client->confidence : CONFIDENCE_NONE;
	row->began_ns = any->conn.start_ns;
	row->ended_ns = any->conn.last_ns;
	row->has_bytes = true;
	row->request_bytes = any->bytes[CONN_FORWARD];
	row->response_bytes = any->bytes[CONN_BACKWARD];
	if (client) {
		set_client(row, client);
		phases_of_client_handshake(row, client);
		set_alert(row, client);
		set_lost(row, client);
	}
	if (server) {
		set_server(row, server);
		phases_of_server_handshake(row, server, server->syn_ns);
		set_alert(row, server);
		set_lost(row, server);
		row->attempts = 1;
		row->marks[2] = server->syn_packet;
		if (server->conn.last_ns > row->ended_ns)
			row->ended_ns = server->conn.last_ns;
	}
	row->marks[0] = client ? client->syn_packet : 0;
	set_ending(row, (struct closing_sides){.client = client, .server = server}, moment);
	if (row->unit == UNIT_FLOW && row->ending == ENDING_CUT)
		row->ending = ENDING_SILENT;
	set_oneway(row, any);
}
