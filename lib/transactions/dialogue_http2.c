/*
 * HTTP/2: each stream is an exchange (RFC 9113, 5 and 8.1). A message begins with the first byte of its
 * HEADERS frame, its head ends with the frame that ends the block, and all of it with the frame that says
 * END_STREAM. A stream that either end resets, or that the server's GOAWAY leaves out, is over.
 *
 * Frames lie one behind the other in all streams, so lost bytes that are not one DATA frame's put the direction
 * out of step: of the streams that were open then nobody knows how they end, and what begins before the place is
 * found again is not known. HPACK may refer to what was lost with them; what a block says up to there
 * counts. What a server promises to push, no client has asked for: its blocks are decoded, as later ones refer
 * to them, and its streams, which have even numbers, are passed over. Whether a response whose status is not known is the final one, nobody can tell either: it may be
 * a 100, so it has no first byte.
 */
#include "transactions/dialogue-int.h"
#include "transactions/header_block.h"

#include "join/http2.h"

#include <stdlib.h>
#include <string.h>

/* One direction. */
struct frames {
	struct http2 *parser;
	struct moment first; /* byte of the frame at hand */
	int64_t from;        /* its offset */
	struct header_block block;
};

struct dialogue_http2 {
	struct frames directions[2];
	struct forwarded forwarded; /* of the newest request to a server */
	uint32_t newest;            /* stream of a client that was seen */
	uint8_t preface;     /* bytes of it that have come, of a connection that was upgraded */
	bool awaits_preface; /* the rest of them comes first */
	size_t charged;
};

/* The frames of the direction that is read. */
static struct frames *
frames_of(const struct dialogue_push *push)
{
	return &push->conn->dialogue->http2->directions[push->direction];
}

static struct exchange_message *
message_of(const struct dialogue_push *push, struct exchange *exchange)
{
	return push->direction == CONN_FORWARD ? &exchange->request : &exchange->response;
}

void
dialogue_http2_free(struct dialogue_http2 *http2, struct allowance *allowance)
{
	if (!http2)
		return;
	for (int i = 0; i < 2; i++)
		http2_free(http2->directions[i].parser);
	allowance->used -= http2->charged;
	free(http2);
}

/* Counts what the parsers take by now. false: it is too much. */
static bool
charge(struct dialogue_http2 *http2, struct allowance *allowance)
{
	size_t size = sizeof(*http2) + http2_memory(http2->directions[0].parser) +
		      http2_memory(http2->directions[1].parser);

	if (size > http2->charged && allowance->used + size - http2->charged > allowance->limit)
		return false;
	allowance->used = allowance->used - http2->charged + size;
	http2->charged = size;
	return true;
}

/* With a parser for each direction, of which make is one. */
static bool
begin(struct sideconn *conn, const struct sideconn_watch *watch,
      struct http2 *(*make)(enum http2_sender))
{
	struct dialogue_http2 *http2 = calloc(1, sizeof(*http2));

	if (!http2)
		return false;
	http2->directions[CONN_FORWARD].parser = make(HTTP2_CLIENT);
	http2->directions[CONN_BACKWARD].parser = make(HTTP2_SERVER);
	if (!http2->directions[0].parser || !http2->directions[1].parser ||
	    !charge(http2, watch->allowance)) {
		dialogue_http2_free(http2, watch->allowance);
		return false;
	}
	forwarded_init(&http2->forwarded, watch->rule, conn->conn.key.ends.one);
	conn->dialogue->http2 = http2;
	return true;
}

bool
dialogue_http2_begin(struct sideconn *conn, const struct sideconn_watch *watch)
{
	return begin(conn, watch, http2_new);
}

bool
dialogue_http2_upgrade(struct exchange *exchange, const struct sideconn_watch *watch)
{
	struct sideconn *conn = exchange->conn;

	/* From the middle of a connection it may have been looked for. */
	dialogue_http2_free(conn->dialogue->http2, watch->allowance);
	conn->dialogue->http2 = NULL;
	if (!begin(conn, watch, http2_new))
		return false;
	conn->dialogue->http2->newest = exchange->stream = 1;
	conn->dialogue->http2->awaits_preface = true;
	conn->payload = PAYLOAD_HTTP2;
	conn->answering = NULL;
	exchange->request.stream_bytes = (uint64_t)(exchange->request.to - exchange->request.from);
	return true;
}

/* The exchange of a stream that is open. */
static struct exchange *
find(const struct sideconn *conn, uint32_t stream)
{
	for (struct exchange *e = conn->first; e; e = e->next)
		if (e->stream == stream && stream && !e->is_settled)
			return e;
	return NULL;
}

/* No more is expected of the exchange, which may be gone then. */
static void
settle(const struct dialogue_push *push, struct exchange *exchange)
{
	push->watch->answered(push->watch->context, exchange);
}

/* When the connection had no stream that was open; EXCHANGE_NEVER: it has one. */
static int64_t
idle_since(const struct sideconn *conn)
{
	for (const struct exchange *e = conn->first; e; e = e->next)
		if (!e->is_settled && !e->response.has_ended)
			return EXCHANGE_NEVER;
	return conn->answered_ns;
}

static struct exchange *
add(struct dialogue_push *push, uint32_t stream)
{
	struct sideconn *conn = push->conn;
	struct dialogue_http2 *http2 = conn->dialogue->http2;
	struct exchange *exchange = NULL;
	int64_t before_ns = idle_since(conn);

	if (conn->listed < DIALOGUE_STREAMS)
		exchange = exchange_new(conn, push->watch->allowance);
	if (!exchange) {
		conn->has_restarted = true;
		return NULL;
	}
	sideconn_add_exchange(conn, exchange);
	exchange->stream = stream;
	exchange->seen_ns = frames_of(push)->first.ns;
	exchange->before_ns = before_ns;
	/* Until its response is found. */
	exchange->response.has_hole = !http2_is_sure(http2->directions[CONN_BACKWARD].parser);
	return exchange;
}

/* A HEADERS frame begins: with a new number a stream, of which the response is what is seen first if the
 * request was lost. */
static void
begin_headers(struct dialogue_push *push, const struct http2_frame *frame)
{
	struct dialogue_http2 *http2 = push->conn->dialogue->http2;
	struct frames *frames = frames_of(push);
	struct exchange *exchange = find(push->conn, frame->stream);
	struct exchange_message *message;

	header_block_begin(&frames->block);
	if (push->direction == CONN_FORWARD)
		forwarded_begin(&http2->forwarded);
	if (frame->stream % 2 == 0)
		return; /* it is pushed */
	if (!exchange && frame->stream > http2->newest)
		exchange = add(push, frame->stream);
	if (frame->stream > http2->newest)
		http2->newest = frame->stream;
	if (!exchange)
		return;
	message = message_of(push, exchange);
	if (message->has_begun)
		return;
	message->has_begun = true;
	message->has_hole = false;
	message->first = frames->first;
	message->from = frames->from;
}

static void
end_request_head(struct dialogue_push *push, struct exchange *exchange,
		 const struct http2_frame *frame, struct moment moment)
{
	const struct header_block *block = &frames_of(push)->block;

	if (exchange->request.has_head)
		return; /* trailers */
	exchange->request.has_head = true;
	exchange->request.head = moment;
	if (!block->has_method && !frame->is_uncertain) {
		exchange->request.first = exchange->request.head = MOMENT_NEVER;
		exchange->request.has_hole = true; /* trailers of a request that was lost */
		return;
	}
	memcpy(exchange->method, block->method, sizeof(exchange->method));
	if (block->target[0])
		exchange_set_target(exchange, block->target);
	exchange->target_is_cut = block->target_is_cut;
	exchange->signature = header_block_signature(block);
	if (push->conn->conn.key.is_server_side && !frame->is_uncertain)
		dialogue_take_client(exchange, &push->conn->dialogue->http2->forwarded);
	push->watch->asked(push->watch->context, exchange);
}

static void
end_response_head(struct dialogue_push *push, struct exchange *exchange,
		  const struct http2_frame *frame, struct moment moment)
{
	const struct header_block *block = &frames_of(push)->block;
	struct exchange_message *response = &exchange->response;

	if (response->has_head)
		return; /* trailers */
	if (block->status / 100 == 1 && !frame->ends_stream) {
		exchange->has_informational = true;
		response->has_begun = false;
		response->first = MOMENT_NEVER;
		response->stream_bytes = 0;
		return;
	}
	response->has_head = true;
	response->head = moment;
	exchange->status = block->status;
	if (!block->status && !frame->ends_stream)
		response->first = response->head = MOMENT_NEVER;
	if (block->status / 100 == 2 && strcmp(exchange->method, "CONNECT") == 0)
		exchange->is_tunnel = true;
}

/* The message of this direction has ended. */
static void
end_message(struct dialogue_push *push, struct exchange *exchange, struct moment moment)
{
	struct exchange_message *message = message_of(push, exchange);

	if (exchange->is_tunnel) {
		exchange->fin_ns[push->direction] = moment.ns;
		if (exchange->fin_ns[0] != EXCHANGE_NEVER && exchange->fin_ns[1] != EXCHANGE_NEVER)
			settle(push, exchange);
		return;
	}
	if (!message->has_begun) {
		message->has_hole = true;
		settle(push, exchange);
		return;
	}
	message->has_ended = true;
	message->last = moment;
	if (push->direction == CONN_BACKWARD)
		push->conn->answered_ns = moment.ns;
	dialogue_check(exchange, push->watch);
}

/* A frame with a part of a message has ended. */
static void
end_part(struct dialogue_push *push, const struct http2_frame *frame, struct moment moment)
{
	struct exchange *exchange = find(push->conn, frame->stream);
	struct exchange_message *message;

	if (!exchange)
		return;
	message = message_of(push, exchange);
	message->stream_bytes += frame->size;
	message->to = push->conn->dialogue->position[push->direction];
	if (frame->type == HTTP2_DATA && !message->has_begun)
		message->has_hole = true; /* of its head */
	if (frame->ends_block && message->has_begun && push->direction == CONN_FORWARD)
		end_request_head(push, exchange, frame, moment);
	else if (frame->ends_block && message->has_begun)
		end_response_head(push, exchange, frame, moment);
	if (frame->ends_stream)
		end_message(push, exchange, moment);
}

static void
reset(struct dialogue_push *push, struct exchange *exchange, struct moment moment)
{
	if (exchange->reset_ns[push->direction] == EXCHANGE_NEVER)
		exchange->reset_ns[push->direction] = moment.ns;
	if (!exchange->response.has_ended) {
		settle(push, exchange);
		return;
	}
	/* A server that has answered wants no more of the request (RFC 9113, 8.1). */
	exchange->request.has_ended = true;
	dialogue_check(exchange, push->watch);
}

/* The server will not answer streams beyond the last. */
static void
refuse(struct dialogue_push *push, uint32_t last, struct moment moment)
{
	struct exchange *next;

	for (struct exchange *e = push->conn->first; e; e = next) {
		next = e->next;
		if (e->stream > last && !e->is_settled)
			reset(push, e, moment);
	}
}

static void
end_frame(struct dialogue_push *push, const struct http2_frame *frame, struct moment moment)
{
	struct exchange *exchange;

	switch (frame->type) {
	case HTTP2_DATA:
	case HTTP2_HEADERS:
	case HTTP2_CONTINUATION:
		if (!frame->is_promise)
			end_part(push, frame, moment);
		break;
	case HTTP2_RST_STREAM:
		exchange = find(push->conn, frame->stream);
		if (exchange)
			reset(push, exchange, moment);
		break;
	case HTTP2_GOAWAY:
		if (push->direction == CONN_BACKWARD)
			refuse(push, frame->last_stream, moment);
		break;
	default: break;
	}
}

/* Frames cannot be told apart any more. */
static void
lose_place(struct dialogue_push *push)
{
	struct exchange *next;

	push->conn->has_restarted = true;
	for (struct exchange *e = push->conn->first; e; e = next) {
		next = e->next;
		if (!e->stream || e->is_settled || message_of(push, e)->has_ended)
			continue;
		message_of(push, e)->has_hole = true;
		if (push->direction == CONN_BACKWARD || e->is_tunnel) {
			settle(push, e);
		} else {
			e->request.has_ended = true; /* when, nobody knows */
			dialogue_check(e, push->watch);
		}
	}
}

/* No memory is left to read it with. */
static void
give_up(struct sideconn *conn, const struct sideconn_watch *watch)
{
	for (int i = 0; i < 2; i++) {
		struct dialogue_push push = {conn, (enum conn_direction)i, watch};

		lose_place(&push);
	}
	conn->payload = PAYLOAD_OTHER;
}

/* An http2_field. */
static void
take_field(void *context, const char *name, const char *value, size_t size)
{
	struct dialogue_push *push = context;
	struct forwarded *forwarded = &push->conn->dialogue->http2->forwarded;
	int which = -1;

	if (http2_frame(frames_of(push)->parser)->is_promise)
		return;
	header_block_take(&frames_of(push)->block, name, value, size);
	if (push->direction == CONN_FORWARD && push->conn->conn.key.is_server_side)
		which = forwarded_find(forwarded, name);
	if (which >= 0)
		forwarded_add_list(forwarded, which, value, size);
}

/* After an upgrade the client begins with the preface (RFC 7540, 3.2). Returns how many bytes were used. */
static size_t
read_preface(struct dialogue_push *push, const unsigned char *bytes, size_t size)
{
	struct dialogue_http2 *http2 = push->conn->dialogue->http2;
	size_t used = 0;

	if (!http2->awaits_preface || push->direction != CONN_FORWARD)
		return 0;
	while (used < size && http2->preface < HTTP2_PREFACE_MAX &&
	       bytes[used] == (unsigned char)HTTP2_PREFACE[http2->preface]) {
		http2->preface++;
		used++;
	}
	push->conn->dialogue->position[CONN_FORWARD] += (int64_t)used;
	if (used < size && http2->preface < HTTP2_PREFACE_MAX) {
		http2_skip(frames_of(push)->parser, UINT32_MAX);
		lose_place(push);
		http2->awaits_preface = false;
	} else {
		http2->awaits_preface = http2->preface < HTTP2_PREFACE_MAX;
	}
	return used;
}

void
dialogue_http2_read(struct dialogue_push *push, const unsigned char *bytes, size_t size,
		    bool at_segment, struct moment moment)
{
	struct dialogue *dialogue = push->conn->dialogue;
	struct frames *frames = frames_of(push);
	const struct http2_frame *frame = http2_frame(frames->parser);
	size_t used = read_preface(push, bytes, size);
	enum http2_event event;

	if (dialogue->http2->awaits_preface && push->direction == CONN_FORWARD)
		return;
	at_segment = at_segment && used == 0;
	do {
		size_t taken = http2_read(frames->parser, used < size ? bytes + used : NULL,
					  size - used, at_segment, take_field, push, &event);

		used += taken;
		dialogue->position[push->direction] += (int64_t)taken;
		at_segment = false;
		if (event == HTTP2_BEGUN) {
			frames->first = moment;
			frames->from = dialogue->position[push->direction] - 1;
		} else if (event == HTTP2_OUT) {
			lose_place(push);
		} else if (event == HTTP2_HEAD && http2_is_sure(frames->parser) &&
			   frame->type == HTTP2_HEADERS) {
			begin_headers(push, frame);
		} else if (event == HTTP2_ENDED && http2_is_sure(frames->parser)) {
			end_frame(push, frame, moment);
		}
	} while (event != HTTP2_MORE);
	if (!charge(dialogue->http2, push->watch->allowance))
		give_up(push->conn, push->watch);
}

bool
dialogue_http2_try(struct dialogue_push *push, const unsigned char *bytes, size_t size,
		   bool at_segment, struct moment moment)
{
	struct dialogue *dialogue = push->conn->dialogue;
	int64_t position = dialogue->position[push->direction];

	if (!dialogue->http2 && !begin(push->conn, push->watch, http2_new_midway))
		return false;
	dialogue_http2_read(push, bytes, size, at_segment, moment);
	if (!http2_is_sure(frames_of(push)->parser)) {
		dialogue->position[push->direction] = position;
		return false;
	}
	if (push->conn->payload == PAYLOAD_HTTP)
		push->conn->payload = PAYLOAD_HTTP2;
	return true;
}

void
dialogue_http2_skip(struct dialogue_push *push, uint32_t size)
{
	struct frames *frames = frames_of(push);
	struct exchange *exchange = NULL;

	if (push->direction == CONN_FORWARD)
		push->conn->dialogue->http2->awaits_preface = false;
	if (!http2_skip(frames->parser, size)) {
		lose_place(push);
		return;
	}
	if (http2_is_sure(frames->parser))
		exchange = find(push->conn, http2_frame(frames->parser)->stream);
	if (exchange)
		message_of(push, exchange)->has_hole = true;
	dialogue_http2_read(push, NULL, 0, false, MOMENT_NEVER);
}
