/*
 * next is what should come. A segment there is new; one behind it leaves a hole; one before it was
 * sent before, fills a hole, or asks whether the other end lives. What fills a hole was overtaken if
 * it is hardly later than what overtook it, and otherwise sent again because a packet was lost before
 * the point of capture: the bound is the round trip time of the handshake, as no sender
 * hears of a loss sooner, and 3 ms if that is not known. That is how Wireshark tells them, so that both say the same.
 *
 * Samples of the round trip time follow Karn's rule: one at a time, and none of a segment that was
 * sent twice, as nobody knows which of the two was acknowledged. What the other end acknowledges and
 * nobody sent was lost by the capture.
 *
 * A host's packets may be captured on two of its interfaces. A repetition on another interface than
 * the first, at once, is such a copy.
 */
#include "transactions/tcp_direction.h"

#include "packet/tcp_header.h"

#define NS_PER_MS      INT64_C(1000000)
#define OVERTAKEN_NS   (3 * NS_PER_MS)
#define COPY_NS        (5 * NS_PER_MS)
#define BELIEVED_BYTES (INT64_C(1) << 30) /* no window is larger (RFC 7323, 2.3) */

int64_t
tcp_direction_offset(const struct tcp_direction *direction, uint32_t sequence)
{
	uint32_t next = direction->base + (uint32_t)direction->next;

	return direction->next + (int32_t)(sequence - next);
}

static void
begin(struct tcp_direction *direction, uint32_t sequence)
{
	direction->has_begun = true;
	direction->base = sequence;
	direction->next = 0;
}

/* Takes the bytes out of the holes. Whether any were in one. */
static bool
fill_holes(struct tcp_direction *direction, int64_t from, int64_t to)
{
	bool filled = false;

	for (uint8_t i = 0; i < direction->hole_count; i++) {
		int64_t hole_from = direction->holes[i].from, hole_to = direction->holes[i].to;

		if (to <= hole_from || from >= hole_to)
			continue;
		filled = true;
		if (from <= hole_from && to < hole_to)
			direction->holes[i].from = to;
		else if (from > hole_from)
			direction->holes[i].to = from; /* what is behind it is not waited for */
		else
			direction->holes[i--] = direction->holes[--direction->hole_count];
	}
	return filled;
}

static void
add_hole(struct tcp_direction *direction, int64_t from, int64_t to)
{
	if (direction->hole_count == TCP_HOLES) {
		for (uint8_t i = 1; i < TCP_HOLES; i++)
			direction->holes[i - 1] = direction->holes[i];
		direction->hole_count--;
	}
	direction->holes[direction->hole_count].from = from;
	direction->holes[direction->hole_count++].to = to;
}

/* The other end acknowledges everything before an offset of this direction. */
static void
take_acknowledgment(struct tcp_direction *direction, const struct tcp_packet *packet)
{
	int64_t acked;

	if (!direction->has_begun)
		begin(direction, packet->acknowledgment);
	acked = tcp_direction_offset(direction, packet->acknowledgment);
	if (acked - direction->next > BELIEVED_BYTES || direction->next - acked > BELIEVED_BYTES)
		return;
	if (acked > direction->next) {
		direction->lost_bytes += (uint64_t)(acked - direction->next);
		direction->next = acked;
		direction->has_sample = false;
	}
	for (uint8_t i = 0; i < direction->hole_count; i++)
		if (direction->holes[i].to <= acked) {
			direction->lost_bytes +=
			    (uint64_t)(direction->holes[i].to - direction->holes[i].from);
			direction->holes[i--] = direction->holes[--direction->hole_count];
		}
	if (direction->has_sample && acked >= direction->sample_to) {
		direction->has_sample = false;
		direction->rtt_ns = packet->ts_ns - direction->sample_ns;
		if (direction->rtt_min_ns == 0 || direction->rtt_ns < direction->rtt_min_ns)
			direction->rtt_min_ns = direction->rtt_ns;
	}
	if (!direction->has_acked || acked > direction->acked)
		direction->acked = acked;
	direction->has_acked = true;
}

static bool
is_keep_alive(const struct tcp_direction *direction, const struct tcp_packet *packet, int64_t from)
{
	return packet->wire <= 1 && from == direction->next - 1 && !direction->has_fin &&
	       direction->has_acked && direction->acked >= direction->next &&
	       !(packet->flags & (TCP_SYN | TCP_FIN | TCP_RST));
}

static enum segment_kind
classify_old(struct tcp_direction *direction, const struct tcp_packet *packet, int64_t from,
	     int64_t to)
{
	int64_t silence =
	    direction->newest_ns == INT64_MIN ? INT64_MAX : packet->ts_ns - direction->newest_ns;
	int64_t bound = direction->initial_rtt_ns ? direction->initial_rtt_ns : OVERTAKEN_NS;

	if (packet->iface != direction->first_iface && silence < COPY_NS)
		return SEGMENT_COPY;
	if (fill_holes(direction, from, to) && silence < bound)
		return SEGMENT_OUT_OF_ORDER;
	if (direction->has_acked && to <= direction->acked)
		return SEGMENT_SPURIOUS;
	return SEGMENT_RETRANSMITTED;
}

static enum segment_kind
classify(struct tcp_direction *direction, const struct tcp_packet *packet, int64_t from)
{
	uint32_t more = (packet->flags & TCP_SYN ? 1u : 0) + (packet->flags & TCP_FIN ? 1u : 0);
	int64_t to = from + packet->wire + more;

	if (is_keep_alive(direction, packet, from))
		return SEGMENT_KEEP_ALIVE;
	if (to == from)
		return SEGMENT_PLAIN;
	if (from < direction->next && to <= direction->next)
		return classify_old(direction, packet, from, to);
	if (from > direction->next)
		add_hole(direction, direction->next, from);
	if (!direction->has_sample) {
		direction->has_sample = true;
		direction->sample_to = to;
		direction->sample_ns = packet->ts_ns;
	}
	direction->next = to;
	return SEGMENT_NEW;
}

static void
count(struct tcp_direction *direction, enum segment_kind kind, const struct tcp_packet *packet,
      int64_t from)
{
	direction->segments++;
	switch (kind) {
	case SEGMENT_SPURIOUS: direction->spurious++; /* fall through */
	case SEGMENT_RETRANSMITTED:
		direction->retransmissions++;
		if (from < direction->sample_to)
			direction->has_sample = false;
		break;
	case SEGMENT_OUT_OF_ORDER: direction->out_of_order++; break;
	case SEGMENT_KEEP_ALIVE: direction->keep_alives++; break;
	default: break;
	}
	if (kind >= SEGMENT_NEW && kind <= SEGMENT_OUT_OF_ORDER)
		direction->newest_ns = packet->ts_ns;
	if (packet->flags & TCP_FIN)
		direction->has_fin = true;
}

static void
take_window(struct tcp_direction *direction, const struct tcp_packet *packet)
{
	if (packet->flags & (TCP_SYN | TCP_FIN | TCP_RST))
		return;
	if (packet->window > 0) {
		direction->zero_since_ns = INT64_MIN;
		return;
	}
	direction->zero_windows++;
	if (direction->zero_since_ns == INT64_MIN)
		direction->zero_since_ns = packet->ts_ns;
}

enum segment_kind
tcp_direction_see(struct tcp_direction *direction, struct tcp_direction *other,
		  const struct tcp_packet *packet, int64_t *from)
{
	enum segment_kind kind;

	if (packet->flags & TCP_RST)
		/* What it carries is no part of the stream, and its number may be anything. */
		return SEGMENT_PLAIN;
	if (!direction->has_begun)
		begin(direction, packet->sequence);
	if (direction->segments == 0)
		direction->first_iface = packet->iface;
	*from = tcp_direction_offset(direction, packet->sequence);
	if (*from - direction->next > BELIEVED_BYTES || direction->next - *from > BELIEVED_BYTES)
		return SEGMENT_FOREIGN;
	kind = classify(direction, packet, *from);
	if (kind == SEGMENT_COPY)
		return kind;
	count(direction, kind, packet, *from);
	take_window(direction, packet);
	if (packet->flags & TCP_ACK)
		take_acknowledgment(other, packet);
	return kind;
}
