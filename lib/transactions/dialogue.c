/*
 * The payload of both directions in order, each byte with the moment at which the packet that has it
 * was captured: of what came early and waited, that is when it came, not when it was its turn.
 *
 * What a connection is, its first bytes from the client say: behind a PROXY header a TLS handshake,
 * HTTP/1, HTTP/2 by its preface, or something else. From the middle of a connection HTTP/1 is waited for, and
 * frames of HTTP/2 are.
 *
 * Bytes that were lost inside of bodies cost nothing but the moments that fell into them. Others put
 * the direction out of step.
 */
#include "transactions/dialogue-int.h"

#include "join/http2.h"
#include "packet/tcp_header.h"

#include <stdlib.h>
#include <string.h>

/* More than a window full, as the parsers need none of a body's bytes. */
enum { MOST_WAITING = 250, MOST_WAITING_BYTES = 1 << 20 };

static struct dialogue *
dialogue_of(struct sideconn *conn, struct allowance *allowance)
{
	struct dialogue *dialogue = conn->dialogue;

	if (dialogue || conn->has_closed || allowance->used + sizeof(*dialogue) > allowance->limit)
		return dialogue;
	dialogue = calloc(1, sizeof(*dialogue));
	if (!dialogue)
		return NULL;
	allowance->used += sizeof(*dialogue);
	dialogue->opened = MOMENT_NEVER;
	dialogue->is_midway = conn->has_restarted = !conn->conn.handshake.has_isn;
	for (int i = 0; i < 2; i++) {
		dialogue->streams[i].most = MOST_WAITING;
		dialogue->streams[i].most_bytes = MOST_WAITING_BYTES;
		dialogue->newest[i] = MOMENT_NEVER;
		if (conn->directions[i].has_begun && conn->conn.handshake.has_isn &&
		    (i == CONN_FORWARD || conn->conn.handshake.has_other_isn))
			tcp_reassembly_begin(&dialogue->streams[i],
					     1 + (i == CONN_FORWARD
						      ? conn->conn.handshake.isn
						      : conn->conn.handshake.other_isn));
	}
	if (dialogue->is_midway)
		dialogue->proxy.state = PROXY_PROTOCOL_NONE;
	conn->dialogue = dialogue;
	return dialogue;
}

static void
free_http(struct dialogue *dialogue, struct allowance *allowance)
{
	if (dialogue->http)
		allowance->used -= 2 * sizeof(*dialogue->http);
	free(dialogue->http);
	free(dialogue->evidence);
	dialogue->http = NULL;
	dialogue->evidence = NULL;
}

/* Parsers before the first byte of a message. */
static bool
make_http(struct dialogue *dialogue, struct allowance *allowance)
{
	const size_t cost = 2 * sizeof(*dialogue->http);

	if (allowance->used + cost <= allowance->limit)
		dialogue->http = malloc(cost);
	if (!dialogue->http)
		return false;
	allowance->used += cost;
	http_message_init(&dialogue->http[CONN_FORWARD], HTTP_REQUEST);
	http_message_init(&dialogue->http[CONN_BACKWARD], HTTP_RESPONSE);
	return true;
}

void
dialogue_rest(struct sideconn *conn, struct allowance *allowance)
{
	struct dialogue *dialogue = conn->dialogue;

	if (dialogue && dialogue->http && !conn->first &&
	    dialogue->http[CONN_FORWARD].state == HTTP_START &&
	    dialogue->http[CONN_BACKWARD].state == HTTP_START)
		free_http(dialogue, allowance);
}

void
dialogue_free(struct sideconn *conn, struct allowance *allowance)
{
	struct dialogue *dialogue = conn->dialogue;

	if (!dialogue)
		return;
	for (int i = 0; i < 2; i++) {
		tcp_reassembly_release(&dialogue->streams[i], allowance);
		if (dialogue->tls)
			tls_records_release(&dialogue->tls[i]);
	}
	free_http(dialogue, allowance);
	dialogue_http2_free(dialogue->http2, allowance);
	free(dialogue->tls);
	free(dialogue);
	allowance->used -= sizeof(*dialogue);
	conn->dialogue = NULL;
}

static void
read_tls(struct dialogue_push *push, const unsigned char *bytes, size_t size, struct moment moment)
{
	struct sideconn *conn = push->conn;
	struct tls_records *both = conn->dialogue->tls, *tls = &both[push->direction];
	enum tls_event event;

	do {
		size_t used = tls_records_feed(tls, bytes, size, &event);

		bytes += used;
		size -= used;
		if (event == TLS_HELLO_IN && push->direction == CONN_FORWARD) {
			conn->has_early_data = tls->offers_early_data;
			if (!conn->server_name && tls->name[0])
				conn->server_name = strdup(tls->name);
		} else if (event == TLS_HELLO_IN) {
			conn->tls_version = tls->version;
			tls_records_set_version(&both[CONN_FORWARD], tls->version);
			if (!conn->alpn && tls->alpn[0])
				conn->alpn = strdup(tls->alpn);
		} else if (event == TLS_ALERT && !conn->has_alert) {
			conn->has_alert = true;
			conn->alert = tls->alert;
			conn->alert_from = push->direction;
		} else if (event == TLS_FINISHED && both[CONN_FORWARD].is_finished &&
			   both[CONN_BACKWARD].is_finished) {
			conn->tls_done_ns = moment.ns;
		}
	} while (event != TLS_MORE);
}

/* The first bytes from the client say what the connection is. */
static void
recognise(struct dialogue_push *push, const unsigned char *bytes, size_t size, struct moment moment)
{
	struct sideconn *conn = push->conn;
	struct dialogue *dialogue = conn->dialogue;
	bool is_start = !dialogue->is_midway;

	if (is_start && push->direction == CONN_FORWARD && tls_records_begin(bytes, size)) {
		conn->payload = PAYLOAD_TLS;
		conn->hello_ns = moment.ns;
		dialogue->tls = calloc(2, sizeof(*dialogue->tls));
		if (!dialogue->tls)
			conn->payload = PAYLOAD_OTHER;
	} else if (!is_start || push->direction == CONN_FORWARD ||
		   (size >= 5 && memcmp(bytes, "HTTP/", 5) == 0)) {
		conn->payload = PAYLOAD_HTTP;
		if (!make_http(dialogue, push->watch->allowance)) {
			conn->payload = PAYLOAD_OTHER;
			return;
		}
		for (int i = 0; i < 2 && !is_start; i++)
			http_message_skip(&dialogue->http[i], 1);
	} else {
		conn->payload = PAYLOAD_OTHER;
	}
	if (conn->payload != PAYLOAD_HTTP)
		push->watch->opened(push->watch->context, conn);
}

/* Compares with HTTP/2's preface. Returns how many bytes were used: all of them while it is not whole, none if it
 * is something else. */
static size_t
match_preface(struct dialogue_push *push, const unsigned char *bytes, size_t size,
	      struct moment moment)
{
	struct dialogue *dialogue = push->conn->dialogue;
	size_t used = 0;

	if (dialogue->is_midway || push->direction != CONN_FORWARD)
		return 0;
	if (dialogue->preface == 0)
		dialogue->preface_moment = moment;
	while (used < size && dialogue->preface + used < HTTP2_PREFACE_MAX &&
	       bytes[used] == (unsigned char)HTTP2_PREFACE[dialogue->preface + used])
		used++;
	if (used < size && dialogue->preface + used < HTTP2_PREFACE_MAX)
		return 0;
	dialogue->preface += (uint8_t)used;
	dialogue->position[CONN_FORWARD] += (int64_t)used;
	if (dialogue->preface < HTTP2_PREFACE_MAX)
		return used;
	dialogue->preface = 0;
	push->conn->payload =
	    dialogue_http2_begin(push->conn, push->watch) ? PAYLOAD_HTTP2 : PAYLOAD_OTHER;
	if (push->conn->payload == PAYLOAD_OTHER)
		push->watch->opened(push->watch->context, push->conn);
	return used;
}

/* Whether HTTP/1 was not found yet in either direction. */
static bool
is_unknown_midway(const struct sideconn *conn)
{
	const struct http_message *http = conn->dialogue->http;

	return conn->dialogue->is_midway && conn->exchange_count == 0 && http &&
	       http[0].state == HTTP_LOST && http[1].state == HTTP_LOST;
}

/* Whether the next byte is of HTTP/1; on a connection that was upgraded to HTTP/2 the rest of the request is. */
static bool
reads_http(const struct dialogue_push *push)
{
	struct sideconn *conn = push->conn;

	return conn->dialogue->http &&
	       (conn->payload == PAYLOAD_HTTP ||
		(conn->payload == PAYLOAD_HTTP2 && push->direction == CONN_FORWARD && conn->last &&
		 conn->last->stream == 1 && !conn->last->request.has_ended));
}

/* Reads bytes that are not the preface. */
static void
read_known(struct dialogue_push *push, const unsigned char *bytes, size_t size, bool at_segment,
	   struct moment moment)
{
	struct sideconn *conn = push->conn;

	if (conn->payload == PAYLOAD_UNKNOWN)
		recognise(push, bytes, size, moment);
	else if (conn->payload == PAYLOAD_HTTP && !conn->dialogue->http &&
		 make_http(conn->dialogue, push->watch->allowance))
		for (int i = 0; i < 2; i++)
			conn->dialogue->http[i].count = 1; /* it rested, and is no other protocol */
	if (conn->payload == PAYLOAD_HTTP && is_unknown_midway(conn) &&
	    dialogue_http2_try(push, bytes, size, at_segment, moment)) {
		free_http(conn->dialogue, push->watch->allowance);
		return;
	}
	if (reads_http(push)) {
		size_t used = dialogue_http_read(push, bytes, size, at_segment, moment);

		bytes += used;
		size -= used;
		at_segment = at_segment && used == 0;
	}
	if (conn->payload == PAYLOAD_HTTP2 && size > 0)
		dialogue_http2_read(push, bytes, size, at_segment, moment);
	else if (conn->payload == PAYLOAD_TLS)
		read_tls(push, bytes, size, moment);
}

/* What looked like the preface was none: reads it. */
static void
read_held(struct dialogue_push *push)
{
	struct dialogue *dialogue = push->conn->dialogue;
	uint8_t held = dialogue->preface;

	dialogue->preface = 0;
	if (held == 0)
		return;
	dialogue->position[CONN_FORWARD] -= held;
	read_known(push, (const unsigned char *)HTTP2_PREFACE, held, true,
		   dialogue->preface_moment);
}

static void
read_bytes(struct dialogue_push *push, const unsigned char *bytes, size_t size, bool at_segment,
	   struct moment moment)
{
	size_t used = 0;

	if (size > 0 && push->conn->payload == PAYLOAD_UNKNOWN) {
		used = match_preface(push, bytes, size, moment);
		if (used == 0 && push->direction == CONN_FORWARD)
			read_held(push);
	}
	if (used < size)
		read_known(push, bytes + used, size - used, at_segment && used == 0, moment);
}

/* A PROXY header stands before what the client says. Returns how many bytes were used. */
static size_t
read_proxy(struct dialogue_push *push, const unsigned char *bytes, size_t size,
	   struct moment moment)
{
	struct sideconn *conn = push->conn;
	struct dialogue *dialogue = conn->dialogue;
	struct proxy_protocol *proxy = &dialogue->proxy;
	bool was_known = proxy->state != PROXY_PROTOCOL_MORE;
	struct evidence evidence = {0};
	size_t used;

	if (!moment_is_known(dialogue->opened))
		dialogue->opened = moment;
	used = proxy_protocol_feed(proxy, bytes, size, &evidence);
	dialogue->position[CONN_FORWARD] += (int64_t)used;
	if (was_known)
		return used;
	if (proxy->state == PROXY_PROTOCOL_NONE) {
		dialogue->position[CONN_FORWARD] -= proxy->length;
		if (used == proxy->length)
			return 0; /* all of them are from this segment */
		read_bytes(push, proxy->bytes, proxy->length, true, dialogue->opened);
	}
	if (proxy->state == PROXY_PROTOCOL_FOUND && conn->conn.key.is_server_side) {
		conn->is_own = evidence.is_local;
		if (evidence.client.is_known)
			conn->hint = (struct client_hint){.client = evidence.client,
							  .source = CONFIDENCE_PROXY};
	}
	return used;
}

static void
lose_bytes(struct dialogue_push *push, uint32_t size)
{
	struct sideconn *conn = push->conn;
	struct dialogue *dialogue = conn->dialogue;
	bool forward = push->direction == CONN_FORWARD;
	struct exchange *exchange = conn->payload == PAYLOAD_HTTP2 ? NULL
				    : forward                      ? dialogue_http_request(conn)
								   : conn->answering;
	struct exchange_message *message =
	    exchange ? (forward ? &exchange->request : &exchange->response) : NULL;

	dialogue->newest[push->direction] = MOMENT_NEVER;
	if (forward)
		dialogue->proxy.state = PROXY_PROTOCOL_NONE;
	if (message)
		message->has_hole = true;
	if (dialogue->tls)
		tls_records_skip(&dialogue->tls[push->direction], size);
	if (conn->payload == PAYLOAD_UNKNOWN && forward)
		read_held(push);
	if (dialogue->http2) {
		dialogue->position[push->direction] += size;
		dialogue_http2_skip(push, size);
		if (conn->payload == PAYLOAD_HTTP2)
			return;
		dialogue->position[push->direction] -= size;
	}
	if (!dialogue->http) {
		dialogue->position[push->direction] += size;
		if (conn->payload == PAYLOAD_UNKNOWN)
			dialogue->is_midway = true;
		return;
	}
	if (http_message_skip(&dialogue->http[push->direction], size)) {
		dialogue->position[push->direction] += size;
		dialogue_http_read(push, NULL, 0, false,
				   MOMENT_NEVER); /* it may have ended with them */
		return;
	}
	dialogue->position[push->direction] += size;
	conn->has_restarted = true;
	if (!forward) {
		dialogue->has_lost_responses = true;
		if (exchange && exchange->next)
			conn->answering =
			    NULL; /* which one the next response is for is not known */
	}
	if (forward && exchange)
		exchange->request.has_ended = true; /* when, nobody knows */
}

/* A tcp_reassembly_sink. */
static void
take_bytes(void *context, const unsigned char *bytes, uint32_t size, bool at_segment)
{
	struct dialogue_push *push = context;
	struct dialogue *dialogue = push->conn->dialogue;
	const struct segment *from = dialogue->streams[push->direction].passing;
	struct moment moment;
	size_t used = 0;

	if (!bytes || !from) {
		lose_bytes(push, size);
		return;
	}
	moment = (struct moment){from->ts_ns, from->packet};
	dialogue->position[push->direction] =
	    tcp_direction_offset(&push->conn->directions[push->direction], from->sequence) +
	    (bytes - from->bytes);
	if (push->direction == CONN_FORWARD &&
	    (dialogue->proxy.state == PROXY_PROTOCOL_MORE || dialogue->proxy.skip > 0))
		used = read_proxy(push, bytes, size, moment);
	read_bytes(push, bytes + used, size - used, at_segment && used == 0, moment);
	dialogue->newest[push->direction] = moment;
}

void
dialogue_push(struct sideconn *conn, const struct side_packet *packet,
	      const struct sideconn_watch *watch)
{
	const struct tuple *tuple = packet->tuple;
	struct dialogue_push push = {conn, packet->direction, watch};
	struct segment segment = {.sequence = tcp_payload_sequence(tuple->transport),
				  .size = tuple->payload_len,
				  .wire = tuple->payload_wire,
				  .bytes = tuple->payload,
				  .ts_ns = packet->ts_ns,
				  .packet = packet->number};
	struct dialogue *dialogue = dialogue_of(conn, watch->allowance);

	if (!dialogue || conn->payload == PAYLOAD_OTHER)
		return;
	tcp_reassembly_push(&dialogue->streams[packet->direction], &segment, watch->allowance,
			    take_bytes, &push);
}

void
dialogue_acknowledge(struct sideconn *conn, enum conn_direction direction, uint32_t sequence,
		     const struct sideconn_watch *watch)
{
	struct dialogue_push push = {conn, direction, watch};

	if (!conn->dialogue || conn->payload == PAYLOAD_OTHER)
		return;
	/* A FIN takes a number that is no byte. */
	if (conn->directions[direction].has_fin)
		sequence--;
	tcp_reassembly_acknowledge(&conn->dialogue->streams[direction], sequence, watch->allowance,
				   take_bytes, &push);
}

void
dialogue_end(struct sideconn *conn, enum conn_direction direction,
	     const struct sideconn_watch *watch)
{
	struct dialogue *dialogue = conn->dialogue;
	struct dialogue_push push = {conn, direction, watch};
	struct http_message *http;

	if (!dialogue || !dialogue->http || direction != CONN_BACKWARD)
		return;
	http = &dialogue->http[direction];
	if (http->state != HTTP_UNTIL_END)
		return;
	http_message_no_body(http);
	dialogue_http_read(&push, NULL, 0, false, dialogue->newest[direction]);
}
