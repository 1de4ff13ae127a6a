/*
 * What is over waits for a second, or as long as tables may be late, so that what belongs to it can
 * still come; then it becomes a row. What the table of connections ends, since it was silent for very
 * long or memory is short, becomes one at once, so that its memory is free.
 */
#include "transactions/transactions-int.h"

#include "base/clock.h"
#include "transactions/closing.h"
#include "transactions/conversation.h"
#include "transactions/row.h"
#include "transactions/span.h"

#include <stdio.h>
#include <string.h>

/* How long what is over waits, at least; and of how many on a connection. */
#define LINGER_NS  NS_PER_SECOND
#define LINGER_MAX 128

static struct row_moment
moment_of(const struct transactions *t)
{
	return (struct row_moment){t->now_ns, t->is_end, t->unpaired_ns};
}

static void
tell(struct transactions *t, struct transaction *row, const struct sideconn *conn)
{
	row->id = ++t->ids;
	connlist_tell(t->config.connlist, conn->entry, row);
	t->config.report(t->config.context, row);
}

/* A health check, as the service says: what carries a client is none. */
static bool
is_monitor(const struct transactions *t, const struct exchange *exchange)
{
	const struct service *service = t->config.service;
	const char *path;
	size_t size;

	if (exchange->conn->is_own)
		return true;
	path = exchange_path(exchange, &size);
	for (size_t i = 0; service && path && i < service->monitor_count; i++)
		if (service->monitors[i].kind == MONITOR_HTTP &&
		    strlen(service->monitors[i].path) == size &&
		    memcmp(service->monitors[i].path, path, size) == 0 &&
		    exchange->confidence == CONFIDENCE_NONE)
			return true;
	return false;
}

static void
tell_server_exchange(struct transactions *t, struct exchange *exchange)
{
	struct row_moment moment = moment_of(t);
	struct row_texts texts;
	struct transaction row;

	if (!exchange->conn->is_own && exchange->conn->confidence != CONFIDENCE_SEQUENCE)
		relate_exchange(t, exchange); /* by a pair that came late */
	if (exchange->carries)
		return; /* told with what it carries */
	exchange->is_told = true;
	if (!is_monitor(t, exchange)) {
		row_of_server_request(&row, &texts, exchange, exchange->client, &moment);
		if (exchange->client)
			exchange->client->has_rows = true;
		span_begin(&row);
		span_add(&row, exchange);
		tell(t, &row, exchange->conn);
	}
	if (exchange->client)
		connlist_carry(t->config.connlist, exchange->conn->entry, exchange->client->entry);
	relate_drop_client(t, exchange);
}

/* When a stream was over: its response, or whoever ended it. */
static int64_t
stream_ended_ns(const struct exchange *exchange)
{
	const struct sideconn *conn = exchange->conn;
	const int64_t times[] = {exchange->response.last.ns, exchange->reset_ns[0],
				 exchange->reset_ns[1], exchange->fin_ns[0], exchange->fin_ns[1]};
	int64_t ended = EXCHANGE_NEVER;

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
		if (times[i] > ended)
			ended = times[i];
	return ended == EXCHANGE_NEVER ? conn->conn.last_ns : ended;
}

static const struct connpair_said *
find_saying(struct transactions *t, const struct transaction *row, const struct exchange *exchange)
{
	const struct conn *conn = &exchange->conn->conn;
	const struct sayings_stream stream = {
	    .client = conn->key.ends.one,
	    .port = conn->key.ends.port,
	    .source_port = row->source.is_known ? row->source.port : 0,
	    .status = row->status,
	    .ended_ns = stream_ended_ns(exchange),
	    .is_broken = row->ending == ENDING_FIN || row->ending == ENDING_RST,
	};

	if (exchange->stream)
		return sayings_take_stream(&t->sayings, &stream);
	if (exchange->conn->has_restarted)
		return NULL;
	return sayings_find(&t->sayings, conn->key.ends.one, conn->key.ends.port, conn->start_ns,
			    conn->last_ns, exchange->number);
}

/* What the proxy said of a client's request, unless that cannot be of this one. */
static void
add_saying(struct transactions *t, struct transaction *row, const struct exchange *exchange)
{
	const struct connpair_said *said = find_saying(t, row, exchange);
	char status[8];

	snprintf(status, sizeof(status), "%u", row->status);
	if (!said || (row->status && strcmp(said->status, status) != 0))
		return;
	snprintf(row->proxy, sizeof(row->proxy), "%s %s", said->status, said->end);
	row->proxy_mark = exchange->request.last.packet;
	if (row->ending != ENDING_COMPLETE && (said->end[0] == 'c' || said->end[0] == 's')) {
		row->ending = ENDING_TIMEOUT;
		row->who = said->end[0] == 'c' ? PARTY_CLIENT : PARTY_SERVER;
	}
	/* Denied or answered by the proxy itself. */
	if (row->from == PARTY_NOBODY && row->status &&
	    (said->end[0] == 'P' || said->end[0] == 'L'))
		row->from = PARTY_ENGINE;
}

/* Which connections carried it. */
static void
list_attempts(struct transactions *t, const struct exchange *exchange)
{
	for (size_t i = 0; i < exchange->attempt_count; i++) {
		const struct exchange *attempt = exchange->attempts[i];

		if (!attempt->is_tentative || sideconn_has_failed(attempt->conn))
			connlist_carry(t->config.connlist, attempt->conn->entry,
				       exchange->conn->entry);
	}
}

static void
tell_exchange(struct transactions *t, struct exchange *exchange)
{
	struct row_moment moment = moment_of(t);
	struct row_texts texts;
	struct transaction row;

	if (exchange->is_told)
		return;
	if (exchange->conn->conn.key.is_server_side) {
		tell_server_exchange(t, exchange);
		return;
	}
	exchange->is_told = true;
	moment.unpaired_ns = exchange->unpaired_ns;
	row_of_request(&row, &texts, exchange, &moment);
	span_begin(&row);
	span_add(&row, exchange);
	for (size_t i = 0; i < exchange->attempt_count; i++)
		span_add(&row, exchange->attempts[i]);
	add_saying(t, &row, exchange);
	tell(t, &row, exchange->conn);
	list_attempts(t, exchange);
	relate_drop_attempts(t, exchange);
}

/* Tells it and takes it out of its connection. */
static void
finish_exchange(struct transactions *t, struct exchange *exchange)
{
	pairing_stop_waiting(t->pairing, exchange);
	tell_exchange(t, exchange);
	sideconn_drop_exchange(exchange->conn, exchange);
}

/* Whether nothing that comes late can change what is told: the client has all of it, and what carried it
 * is known; or it is told with what it carries. */
static bool
is_certain(const struct transactions *t, const struct exchange *exchange)
{
	if (t->config.hold_ns > 0 || exchange->is_bare)
		return false;
	if (exchange->conn->conn.key.is_server_side)
		return exchange->carries && exchange->response.has_ended;
	for (size_t i = 0; i < exchange->attempt_count; i++)
		if (!exchange->attempts[i]->is_tentative &&
		    exchange->attempts[i]->response.has_ended)
			return exchange->acked_ns != EXCHANGE_NEVER;
	return false;
}

void
settle_exchange(struct transactions *t, struct exchange *exchange)
{
	if (exchange->is_settled)
		return;
	if (is_certain(t, exchange) || exchange->conn->listed > LINGER_MAX) {
		finish_exchange(t, exchange);
		return;
	}
	exchange->is_settled = true;
	exchange->settled_ns = t->now_ns;
	exchange->next_settled = NULL;
	exchange_hold(exchange);
	transactions_hold(exchange->conn);
	*(t->last_settled ? &t->last_settled->next_settled : &t->first_settled) = exchange;
	t->last_settled = exchange;
}

/* Whether a connection to a server says enough for a row of its own: one that carried nothing is a
 * check, or waits in a pool. */
static bool
is_server_worth_a_row(const struct sideconn *conn)
{
	return !conn->is_own && !conn->other_side && !conn->is_told && conn->exchange_count == 0 &&
	       !(conn->bare && (conn->bare->carries || conn->bare->is_told)) &&
	       (conn->bytes[0] + conn->bytes[1] > 0 || sideconn_has_failed(conn)) &&
	       conn->payload != PAYLOAD_HTTP2; /* which says something even without requests */
}

static void
tell_conn(struct transactions *t, struct sideconn *conn)
{
	struct row_moment moment = moment_of(t);
	bool is_server = conn->conn.key.is_server_side;
	struct transaction row;

	if (is_server && is_server_worth_a_row(conn) && !sideconn_has_failed(conn) &&
	    relate_bare(t, conn))
		relate_exchange(t, conn->bare); /* by a pair that came late */
	if (is_server ? !is_server_worth_a_row(conn)
		      : conn->is_told || conn->has_rows || conn->exchange_count > 0)
		return;
	row_of_connection(&row, is_server ? NULL : conn, is_server ? conn : conn->other_side,
			  &moment);
	span_begin(&row);
	if (!is_server && conn->server_count)
		row.attempts = conn->server_count;
	conn->is_told = true;
	if (!is_server && conn->other_side)
		conn->other_side->is_told = true;
	tell(t, &row, conn);
}

/* How it ended, whatever it carried. */
static void
list_ending(struct transactions *t, struct sideconn *conn)
{
	struct row_moment moment = moment_of(t);
	bool is_server = conn->conn.key.is_server_side;
	const struct closing_sides sides = {.client = is_server ? NULL : conn,
					    .server = is_server ? conn : NULL};
	struct transaction row;

	if (!t->config.connlist)
		return;
	row_of_connection(&row, is_server ? NULL : conn, is_server ? conn : NULL, &moment);
	connlist_end(t->config.connlist, conn->entry, &row, closing_find(&sides).ns,
		     conn->conn.handshake.state == HANDSHAKE_REFUSED);
}

/* The last that is heard of a connection. */
static void
finish_conn(struct transactions *t, struct sideconn *conn)
{
	while (conn->first && !conn->first->is_settled)
		finish_exchange(t, conn->first);
	for (struct exchange *e = conn->first, *next; e; e = next) {
		next = e->next;
		if (!e->is_settled)
			finish_exchange(t, e);
	}
	tell_conn(t, conn);
	list_ending(t, conn);
	conversation_end_payload(conn, &t->watch);
	conn->is_finished = true;
	if (!conn->conn.key.is_server_side) {
		pairing_remove_client(t->pairing, conn);
		relate_drop_server(t, conn);
	}
}

void
settle_conn(struct transactions *t, struct sideconn *conn)
{
	bool is_open = false;

	if (conn->has_closed)
		return;
	conn->has_closed = true;
	for (struct exchange *e = conn->first, *next; e; e = next) {
		next = e->next;
		is_open |= !e->response.has_ended;
		e->unpaired_ns = t->unpaired_ns;
		settle_exchange(t, e);
	}
	if (!is_open)
		conversation_end_payload(conn, &t->watch); /* its memory is needed more elsewhere */
	conn->settled_ns = t->now_ns;
	conn->next_settled = NULL;
	transactions_hold(conn);
	*(t->last_closed ? &t->last_closed->next_settled : &t->first_closed) = conn;
	t->last_closed = conn;
}

void
settle_now(struct transactions *t, struct sideconn *conn)
{
	if (conn->has_closed)
		return; /* it is settled, and will be finished */
	conn->has_closed = true;
	finish_conn(t, conn);
}

void
settle_due(struct transactions *t)
{
	int64_t hold_ns = t->config.hold_ns > LINGER_NS ? t->config.hold_ns : LINGER_NS;

	/* When memory is short nothing waits. */
	if (t->memory.used > t->memory.limit / 4 * 3)
		hold_ns = -1;
	while (t->first_settled &&
	       (t->is_end || t->now_ns - t->first_settled->settled_ns > hold_ns)) {
		struct exchange *exchange = t->first_settled;
		struct sideconn *conn = exchange->conn;

		t->first_settled = exchange->next_settled;
		if (!t->first_settled)
			t->last_settled = NULL;
		finish_exchange(t, exchange);
		exchange_let_go(exchange);
		transactions_let_go(t, conn);
	}
	while (t->first_closed &&
	       (t->is_end || t->now_ns - t->first_closed->settled_ns > hold_ns)) {
		struct sideconn *conn = t->first_closed;

		t->first_closed = conn->next_settled;
		if (!t->first_closed)
			t->last_closed = NULL;
		finish_conn(t, conn);
		transactions_let_go(t, conn);
	}
}

void
settle_flow(struct transactions *t, struct sideconn *conn)
{
	tell_conn(t, conn);
	conn->is_told = false;
	/* What comes after the pause may be carried by another one. */
	if (!conn->conn.key.is_server_side)
		relate_drop_server(t, conn);
	conn->confidence = CONFIDENCE_NONE;
	conn->server_count = 0;
}
