/*
 * Each packet goes to TCP first, which says what it is; then what it acknowledges, then its payload,
 * go to the dialogue. What TCP finds out counts for the exchange whose bytes it concerns.
 *
 * A stall is time in which the sender of a response could not go on: from a closed window until it
 * opens, and from the last segment until one is sent again. Where both overlap the time counts once. On HTTP/2
 * all responses that are on their way wait for the same segment, and counts are of the connection.
 */
#include "transactions/conversation.h"

#include "packet/tcp_header.h"
#include "transactions/dialogue-int.h"

#include <stdlib.h>
#include <string.h>

void
conversation_release(struct sideconn *conn, struct allowance *allowance)
{
	dialogue_free(conn, allowance);
	while (conn->first)
		sideconn_drop_exchange(conn, conn->first);
	free(conn->server_name);
	free(conn->alpn);
	conn->server_name = conn->alpn = NULL;
}

/* Of the message whose bytes include the offset; it has begun. NULL: none that is followed. */
static struct exchange *
exchange_at(const struct sideconn *conn, enum conn_direction direction, int64_t offset)
{
	for (struct exchange *e = conn->first; e; e = e->next) {
		const struct exchange_message *m =
		    direction == CONN_FORWARD ? &e->request : &e->response;

		if (m->has_begun && offset >= m->from && (!m->has_ended || offset < m->to))
			return e;
	}
	return NULL;
}

/* The exchange whose response is on its way: it has begun, and the last of it was not acknowledged. */
static struct exchange *
exchange_under_way(const struct sideconn *conn)
{
	for (struct exchange *e = conn->first; e; e = e->next)
		if (e->response.has_begun && e->acked_ns == EXCHANGE_NEVER)
			return e;
	return NULL;
}

static void
add_stall(struct exchange *exchange, int64_t from_ns, int64_t to_ns)
{
	if (exchange->response.first.ns != EXCHANGE_NEVER && from_ns < exchange->response.first.ns)
		from_ns = exchange->response.first.ns;
	if (from_ns < exchange->stalled_to_ns)
		from_ns = exchange->stalled_to_ns;
	if (to_ns <= from_ns)
		return;
	exchange->stalled_ns += to_ns - from_ns;
	exchange->stalled_to_ns = to_ns;
}

/* The responses of all streams stood still. */
static void
add_stall_of_streams(struct sideconn *conn, int64_t from_ns, int64_t to_ns)
{
	for (struct exchange *e = conn->first; e; e = e->next)
		if (e->response.has_begun && e->acked_ns == EXCHANGE_NEVER && !e->is_settled)
			add_stall(e, from_ns, to_ns);
}

/* What a segment of the handshake says. */
static void
take_handshake(struct sideconn *conn, const struct side_packet *packet, uint8_t flags)
{
	bool forward = packet->direction == CONN_FORWARD;

	if (forward && (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		conn->newest_syn_ns = packet->ts_ns;
		if (conn->syns++ == 0) {
			conn->syn_ns = packet->ts_ns;
			conn->syn_packet = packet->number;
		}
	} else if (!forward && (flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK)) {
		if (conn->synack_ns == EXCHANGE_NEVER)
			conn->synack_ns = packet->ts_ns;
	} else if (forward && (flags & TCP_ACK) && !(flags & TCP_RST) &&
		   conn->done_ns == EXCHANGE_NEVER && conn->synack_ns != EXCHANGE_NEVER) {
		conn->done_ns = packet->ts_ns;
		if (conn->newest_syn_ns != EXCHANGE_NEVER)
			for (int i = 0; i < 2; i++)
				conn->directions[i].initial_rtt_ns =
				    packet->ts_ns - conn->newest_syn_ns;
	}
}

static void
take_close(struct sideconn *conn, const struct side_packet *packet, uint8_t flags)
{
	int64_t *at =
	    flags & TCP_RST ? &conn->rst_ns[packet->direction] : &conn->fin_ns[packet->direction];

	if ((flags & (TCP_RST | TCP_FIN)) && *at == EXCHANGE_NEVER)
		*at = packet->ts_ns;
}

/* Counts what TCP found out about the segment for the exchange that it concerns. false: that has not begun. */
static bool
count_segment(struct sideconn *conn, const struct side_packet *packet, enum segment_kind kind,
	      int64_t offset, int64_t newest_ns)
{
	struct exchange *exchange;

	if (kind != SEGMENT_RETRANSMITTED && kind != SEGMENT_SPURIOUS &&
	    kind != SEGMENT_OUT_OF_ORDER)
		return true;
	if (conn->payload == PAYLOAD_HTTP2) {
		if (packet->direction == CONN_BACKWARD && kind != SEGMENT_OUT_OF_ORDER &&
		    newest_ns != EXCHANGE_NEVER)
			add_stall_of_streams(conn, newest_ns, packet->ts_ns);
		return true;
	}
	exchange = exchange_at(conn, packet->direction, offset);
	if (!exchange)
		return false;
	if (kind == SEGMENT_OUT_OF_ORDER) {
		(packet->direction == CONN_FORWARD ? &exchange->request : &exchange->response)
		    ->out_of_order++;
	} else if (packet->direction == CONN_FORWARD) {
		exchange->request.retransmissions++;
	} else {
		exchange->response.retransmissions++;
		if (newest_ns != EXCHANGE_NEVER)
			add_stall(exchange, newest_ns, packet->ts_ns);
	}
	return true;
}

/* The window of the packet's sender closed, stays so, or opens. */
static void
count_window(struct sideconn *conn, const struct side_packet *packet, int64_t zero_since_ns,
	     uint64_t zero_windows)
{
	const struct tcp_direction *sender = &conn->directions[packet->direction];
	struct exchange *exchange;

	if (sender->zero_windows == zero_windows && sender->zero_since_ns == zero_since_ns)
		return;
	if (conn->payload == PAYLOAD_HTTP2) {
		if (packet->direction == CONN_FORWARD && sender->zero_since_ns == EXCHANGE_NEVER)
			add_stall_of_streams(conn, zero_since_ns, packet->ts_ns);
		return;
	}
	if (packet->direction == CONN_FORWARD) {
		exchange = exchange_under_way(conn);
		if (exchange && sender->zero_windows > zero_windows)
			exchange->zero_windows++;
		if (exchange && sender->zero_since_ns == EXCHANGE_NEVER)
			add_stall(exchange, zero_since_ns, packet->ts_ns);
	} else if (conn->last && sender->zero_windows > zero_windows) {
		conn->last->request_zero_windows++;
	}
}

/* Responses whose last byte is acknowledged. */
static void
take_acknowledged(struct sideconn *conn, int64_t ts_ns, const struct sideconn_watch *watch)
{
	const struct tcp_direction *sender = &conn->directions[CONN_BACKWARD];
	struct exchange *next;

	for (struct exchange *e = conn->first; e; e = next) {
		next = e->next;
		if (!e->response.has_ended || e->acked_ns != EXCHANGE_NEVER ||
		    sender->acked < e->response.to)
			continue;
		e->acked_ns = ts_ns;
		if (!conn->conn.key.is_server_side)
			dialogue_check(e, watch);
	}
}

/* What a packet says: its header as numbers. */
static struct tcp_packet
header_of(const struct side_packet *packet)
{
	const unsigned char *tcp = packet->tuple->transport;

	return (struct tcp_packet){.ts_ns = packet->ts_ns,
				   .iface = packet->iface,
				   .sequence = tcp_sequence(tcp),
				   .acknowledgment = tcp_acknowledgment(tcp),
				   .wire = packet->tuple->payload_wire,
				   .window = (uint16_t)(tcp[14] << 8 | tcp[15]),
				   .flags = tcp_flags(tcp)};
}

static void
see_tcp(struct sideconn *conn, const struct side_packet *packet, const struct sideconn_watch *watch)
{
	enum conn_direction back = packet->direction == CONN_FORWARD ? CONN_BACKWARD : CONN_FORWARD;
	struct tcp_direction *own = &conn->directions[packet->direction];
	struct tcp_direction *other = &conn->directions[back];
	struct tcp_packet header = header_of(packet);
	int64_t newest_ns = own->newest_ns, zero_since_ns = own->zero_since_ns, offset = 0;
	int64_t sent = own->has_begun ? own->next : 0;
	uint64_t zero_windows = own->zero_windows;
	enum segment_kind kind = tcp_direction_see(own, other, &header, &offset);
	bool is_counted;

	if (kind == SEGMENT_COPY || kind == SEGMENT_FOREIGN)
		return;
	take_handshake(conn, packet, header.flags);
	is_counted = count_segment(conn, packet, kind, offset, newest_ns);
	count_window(conn, packet, zero_since_ns, zero_windows);
	if (header.wire && own->next > sent)
		conn->bytes[packet->direction] +=
		    own->next - sent < header.wire ? (uint64_t)(own->next - sent) : header.wire;
	if (header.flags & TCP_ACK && !(header.flags & TCP_RST))
		dialogue_acknowledge(conn, back, header.acknowledgment, watch);
	if (packet->direction == CONN_FORWARD && header.flags & TCP_ACK)
		take_acknowledged(conn, packet->ts_ns, watch);
	if (packet->tuple->payload && header.wire && !(header.flags & TCP_RST))
		dialogue_push(conn, packet, watch);
	if (!is_counted)
		count_segment(conn, packet, kind, offset, newest_ns);
	if (header.flags & TCP_FIN)
		dialogue_end(conn, packet->direction, watch);
	take_close(conn, packet, header.flags);
	dialogue_rest(conn, watch->allowance);
}

void
conversation_see(struct sideconn *conn, const struct side_packet *packet,
		 const struct sideconn_watch *watch)
{
	if (packet->tuple->protocol != PROTOCOL_TCP) {
		bool is_first = conn->directions[0].segments + conn->directions[1].segments == 0;

		conn->bytes[packet->direction] += packet->tuple->payload_wire;
		conn->directions[packet->direction].segments++;
		if (is_first)
			watch->opened(watch->context, conn);
	} else if (packet->tuple->transport) {
		see_tcp(conn, packet, watch);
	}
}

void
conversation_end_payload(struct sideconn *conn, const struct sideconn_watch *watch)
{
	dialogue_free(conn, watch->allowance);
}
