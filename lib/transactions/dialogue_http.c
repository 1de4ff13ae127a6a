/*
 * Requests and responses of HTTP/1 meet in a queue: a response is that of the oldest request without
 * one. After a 101 that names h2c the response comes as HTTP/2, and so do those of all later requests (RFC 7540, 3.2):
 * then that is left to dialogue_http2.c. When a request comes after responses were lost, those before it get none: which one the next
 * response belongs to would be a guess otherwise.
 */
#include "transactions/dialogue-int.h"

#include <stdlib.h>
#include <string.h>

static struct exchange *
add_exchange(struct sideconn *conn, struct allowance *allowance, struct moment moment)
{
	struct exchange *exchange;

	if (conn->listed >= DIALOGUE_EXCHANGES || !(exchange = exchange_new(conn, allowance)))
		return NULL;
	sideconn_add_exchange(conn, exchange);
	exchange->seen_ns = moment.ns;
	if (!conn->answering)
		conn->answering = exchange;
	return exchange;
}

void
dialogue_check(struct exchange *exchange, const struct sideconn_watch *watch)
{
	bool is_client_side = !exchange->conn->conn.key.is_server_side;

	if (exchange->is_settled || exchange->is_tunnel || !exchange->response.has_ended)
		return;
	if ((exchange->request.has_begun && !exchange->request.has_ended) ||
	    (is_client_side && exchange->acked_ns == EXCHANGE_NEVER))
		return;
	watch->answered(watch->context, exchange);
}

/* The next response is for the next request. */
static void
answer_next(struct sideconn *conn, const struct exchange *answered)
{
	conn->answering = answered->next;
	conn->answered_ns = answered->response.last.ns;
	if (conn->answering)
		conn->answering->before_ns = conn->answered_ns;
}

static void
begin_request(struct dialogue_push *push, struct moment moment, int64_t offset)
{
	struct sideconn *conn = push->conn;
	struct exchange *exchange = add_exchange(conn, push->watch->allowance, moment);

	if (!exchange) {
		http_message_stop(&conn->dialogue->http[CONN_FORWARD]);
		return;
	}
	if (conn->answering == exchange)
		exchange->before_ns = conn->answered_ns;
	if (conn->dialogue->has_lost_responses) {
		conn->dialogue->has_lost_responses = false;
		for (struct exchange *e = conn->first; e != exchange; e = e->next)
			if (!e->response.has_ended)
				e->response.has_hole = true;
		conn->answering = exchange;
	}
	exchange->request.has_begun = true;
	exchange->request.first = moment;
	exchange->request.from = offset;
}

struct exchange *
dialogue_http_request(struct sideconn *conn)
{
	return conn->last && conn->last->request.has_begun && !conn->last->request.has_ended
		   ? conn->last
		   : NULL;
}

static void
end_request_head(struct dialogue_push *push, struct exchange *exchange, struct moment moment)
{
	const struct http_message *http = &push->conn->dialogue->http[CONN_FORWARD];

	exchange->request.has_head = true;
	exchange->request.head = moment;
	memcpy(exchange->method, http->method, sizeof(exchange->method));
	exchange_set_target(exchange, http->target);
	exchange->target_is_cut = http->target_is_cut;
	exchange->signature = http->signature;
	exchange->wants_continue = http->wants_continue;
	push->watch->asked(push->watch->context, exchange);
}

static void
take_request_event(struct dialogue_push *push, enum http_event event, struct moment moment,
		   int64_t offset)
{
	struct exchange *exchange;

	if (event == HTTP_BEGUN)
		begin_request(push, moment, offset - 1);
	exchange = dialogue_http_request(push->conn);
	if (!exchange)
		return;
	exchange->request.to = offset;
	if (event == HTTP_HEAD)
		end_request_head(push, exchange, moment);
	if (event == HTTP_ENDED) {
		exchange->request.has_ended = true;
		exchange->request.last = moment;
		if (exchange->stream)
			exchange->request.stream_bytes =
			    (uint64_t)(offset - exchange->request.from);
		dialogue_check(exchange, push->watch);
	}
}

/* Whether the response has no body whatever its head says. */
static bool
has_no_body(const struct exchange *exchange, uint16_t status)
{
	return status < 200 || status == 204 || status == 304 ||
	       strcmp(exchange->method, "HEAD") == 0;
}

static void
end_response_head(struct dialogue_push *push, struct exchange *exchange, struct moment moment)
{
	struct dialogue *dialogue = push->conn->dialogue;
	struct http_message *http = &dialogue->http[CONN_BACKWARD];
	bool is_connect = strcmp(exchange->method, "CONNECT") == 0 && http->status / 100 == 2;
	bool is_over = http->status == 101 && http->is_h2c && exchange == push->conn->last &&
		       dialogue_http2_upgrade(exchange, push->watch);

	if (is_over || (http->status < 200 && http->status != 101)) {
		exchange->has_informational = true;
		exchange->response.has_begun = false;
		exchange->response.first = MOMENT_NEVER;
		http_message_no_body(http);
		return;
	}
	exchange->status = http->status;
	exchange->response.has_head = true;
	exchange->response.head = moment;
	if (http->status == 101 || is_connect) {
		exchange->is_tunnel = true;
		http_message_stop(http);
		http_message_stop(&dialogue->http[CONN_FORWARD]);
	} else if (has_no_body(exchange, http->status)) {
		http_message_no_body(http);
	}
}

static void
take_response_event(struct dialogue_push *push, enum http_event event, struct moment moment,
		    int64_t offset)
{
	struct sideconn *conn = push->conn;
	struct exchange *exchange = conn->answering;

	/* One that nobody asked for: its request was lost, or the server gave up waiting. */
	if (!exchange && event == HTTP_BEGUN && !conn->dialogue->has_lost_responses)
		exchange = add_exchange(conn, push->watch->allowance, moment);
	if (!exchange)
		return;
	if (event == HTTP_BEGUN) {
		exchange->response.has_begun = true;
		exchange->response.first = moment;
		exchange->response.from = offset - 1;
	}
	if (!exchange->response.has_begun)
		return;
	exchange->response.to = offset;
	if (event == HTTP_HEAD)
		end_response_head(push, exchange, moment);
	if (event == HTTP_ENDED && exchange->response.has_head) {
		exchange->response.has_ended = true;
		exchange->response.last = moment;
		answer_next(conn, exchange);
		dialogue_check(exchange, push->watch);
	}
}

void
dialogue_take_client(struct exchange *exchange, const struct forwarded *headers)
{
	bool is_disputed;
	struct evidence_end client = forwarded_client(headers, &is_disputed);

	if (client.is_known)
		exchange->hints[exchange->hint_count++] =
		    (struct client_hint){.client = client, .source = CONFIDENCE_HEADER};
	for (int i = 0; i < FORWARDED_NAMES && is_disputed; i++) {
		client = forwarded_by(headers, i);
		if (client.is_known)
			exchange->hints[exchange->hint_count++] =
			    (struct client_hint){.client = client, .source = CONFIDENCE_HEADER};
	}
}

/* The engine writes the client's address into heads of requests to servers. */
static void
read_evidence(struct dialogue_push *push, const unsigned char *bytes, size_t size, bool is_begin)
{
	struct dialogue *dialogue = push->conn->dialogue;
	struct exchange *exchange = dialogue_http_request(push->conn);
	bool is_complete = false;

	if (!push->conn->conn.key.is_server_side || push->direction != CONN_FORWARD)
		return;
	if (!dialogue->evidence)
		dialogue->evidence = malloc(sizeof(*dialogue->evidence));
	if (!dialogue->evidence)
		return;
	if (is_begin)
		http1_init(dialogue->evidence, push->watch->rule, push->conn->conn.key.ends.one);
	if (size)
		http1_feed(dialogue->evidence, bytes, size, false, &is_complete);
	if (is_complete && exchange)
		dialogue_take_client(exchange, &dialogue->evidence->forwarded);
}

/* What looked like a request was none. */
static void
be_unreadable(struct dialogue_push *push)
{
	struct sideconn *conn = push->conn;

	while (conn->first)
		sideconn_drop_exchange(conn, conn->first);
	conn->exchange_count = 0;
	conn->payload = PAYLOAD_OTHER;
	push->watch->opened(push->watch->context, conn);
}

/* Whether the bytes behind are of HTTP/2: from the server at once, from the client behind its request. */
static bool
is_left(const struct dialogue_push *push)
{
	return push->conn->payload == PAYLOAD_HTTP2 &&
	       (push->direction == CONN_BACKWARD || !dialogue_http_request(push->conn));
}

size_t
dialogue_http_read(struct dialogue_push *push, const unsigned char *bytes, size_t size,
		   bool at_segment, struct moment moment)
{
	struct dialogue *dialogue = push->conn->dialogue;
	struct http_message *http = &dialogue->http[push->direction];
	size_t whole = size;
	enum http_event event;

	do {
		bool is_head = http->state == HTTP_FIRST_LINE || http->state == HTTP_FIELDS;
		size_t used = http_message_feed(http, bytes, size, at_segment, &event);

		dialogue->position[push->direction] += (int64_t)used;
		if (event == HTTP_BEGUN && used)
			read_evidence(push, bytes + used - 1, 0, true);
		if (push->direction == CONN_FORWARD) {
			if (event == HTTP_BEGUN)
				take_request_event(push, event, moment,
						   dialogue->position[CONN_FORWARD]);
			if (is_head || event == HTTP_BEGUN)
				read_evidence(push, event == HTTP_BEGUN ? bytes + used - 1 : bytes,
					      event == HTTP_BEGUN ? 1 : used, false);
			if (event != HTTP_BEGUN)
				take_request_event(push, event, moment,
						   dialogue->position[CONN_FORWARD]);
		} else {
			take_response_event(push, event, moment, dialogue->position[CONN_BACKWARD]);
		}
		if (used) /* without bytes there is no address either */
			bytes += used;
		size -= used;
		at_segment = false;
	} while (event != HTTP_MORE && !is_left(push));
	if (http->state == HTTP_OPAQUE && http->count == 0 && push->direction == CONN_FORWARD)
		be_unreadable(push);
	return whole - size;
}
