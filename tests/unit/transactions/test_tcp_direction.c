/* What each segment is, with numbers that wrap within. */
#include "packet/tcp_header.h"
#include "tap.h"
#include "transactions/tcp_direction.h"

#define MS INT64_C(1000000)

static struct tcp_direction there, back;
static int64_t now_ns;

/* A segment of this many bytes behind 4294967000, ms after the one before. */
static enum segment_kind
send_bytes(int64_t ms, uint32_t at, uint32_t bytes)
{
	struct tcp_packet packet = {.ts_ns = now_ns += ms * MS,
				    .sequence = 4294967000u + at,
				    .wire = bytes,
				    .window = 1000,
				    .flags = TCP_ACK,
				    .acknowledgment = 7};
	int64_t offset;

	return tcp_direction_see(&there, &back, &packet, &offset);
}

static void
acknowledge(int64_t ms, uint32_t to, uint16_t window)
{
	struct tcp_packet packet = {.ts_ns = now_ns += ms * MS,
				    .sequence = 7,
				    .acknowledgment = 4294967000u + to,
				    .window = window,
				    .flags = TCP_ACK};
	int64_t offset;

	tcp_direction_see(&back, &there, &packet, &offset);
}

int
main(void)
{
	there = back = TCP_DIRECTION_INIT;
	ok(send_bytes(1, 0, 100) == SEGMENT_NEW, "the first");
	ok(send_bytes(0, 200, 100) == SEGMENT_NEW, "one behind a hole");
	ok(send_bytes(1, 100, 100) == SEGMENT_OUT_OF_ORDER, "what was overtaken fills it");
	acknowledge(10, 100, 1000);
	ok(there.rtt_ns == 11 * MS, "a sample of the round trip time");
	ok(send_bytes(50, 100, 100) == SEGMENT_RETRANSMITTED, "sent again");
	acknowledge(1, 300, 1000);
	ok(there.rtt_ns == 11 * MS, "no sample of what was sent twice");
	ok(send_bytes(50, 200, 100) == SEGMENT_SPURIOUS, "sent again though it was acknowledged");
	ok(send_bytes(50, 299, 0) == SEGMENT_KEEP_ALIVE, "a question whether the other end lives");
	ok(send_bytes(1, 400, 100) == SEGMENT_NEW &&
	       send_bytes(300, 300, 100) == SEGMENT_RETRANSMITTED,
	   "what fills a hole late was lost before the point of capture");
	ok(send_bytes(1, 600, 100) == SEGMENT_NEW, "beyond the wrap");
	acknowledge(1, 700, 0);
	ok(there.lost_bytes == 100, "what is acknowledged and was not seen the capture has lost");
	acknowledge(1, 700, 0);
	ok(back.zero_windows == 2 && back.zero_since_ns == now_ns - MS, "a window that is closed");
	acknowledge(1, 700, 10);
	ok(back.zero_since_ns == INT64_MIN, "and opens");
	ok(send_bytes(0, 1u << 31, 10) == SEGMENT_FOREIGN, "a number of another connection's");
	ok(there.segments == 9 && there.retransmissions == 3 && there.spurious == 1 &&
	       there.out_of_order == 1 && there.keep_alives == 1,
	   "all were counted");
	return done_testing();
}
