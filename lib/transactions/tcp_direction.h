/*
 * One direction of a TCP connection as its packets show it at the point of capture (RFC 9293; RFC
 * 6298, 3, for Karn's rule): what each segment is, and the counts that come of it.
 *
 * Sequence numbers are told as offsets: the number of bytes behind the first sequence number seen,
 * in 64 bits, so that they neither wrap nor repeat. Each direction has offsets of its own.
 */
#ifndef VCAP_TCP_DIRECTION_H
#define VCAP_TCP_DIRECTION_H

#include <stdbool.h>
#include <stdint.h>

enum segment_kind {
	SEGMENT_PLAIN,         /* no bytes: an acknowledgment, or a window */
	SEGMENT_NEW,           /* bytes, a SYN or a FIN that were not sent before */
	SEGMENT_RETRANSMITTED, /* sent before, or expected before something that was */
	SEGMENT_SPURIOUS,      /* retransmitted, and the other end has acknowledged all of it */
	SEGMENT_OUT_OF_ORDER,  /* overtaken on its way to the point of capture */
	SEGMENT_KEEP_ALIVE,    /* the byte before the next one, or nothing at its place */
	SEGMENT_COPY,          /* the same segment, seen on a second interface: does not count */
	SEGMENT_FOREIGN,       /* too far away to be of this connection: does not count */
};

/* A packet of the direction. */
struct tcp_packet {
	int64_t ts_ns;
	uint32_t iface;
	uint32_t sequence, acknowledgment; /* of its header; the latter only with TCP_ACK */
	uint32_t wire;                     /* bytes of payload, captured or not */
	uint16_t window;                   /* unscaled */
	uint8_t flags;                     /* TCP_ of tcp_header.h */
};

#define TCP_HOLES 4

struct tcp_direction {
	bool has_begun, has_acked, has_sample, has_fin;
	uint32_t base;        /* the sequence number of offset 0 */
	uint32_t first_iface; /* where its first packet was captured */
	int64_t next;         /* the offset behind the highest byte sent */
	int64_t acked;        /* that the other end has acknowledged, if has_acked */
	int64_t newest_ns;    /* of the newest segment with something in it; INT64_MIN: none */
	/* Bytes that were passed over and may still come; the oldest is given up for a fifth. */
	struct {
		int64_t from, to;
	} holes[TCP_HOLES];
	uint8_t hole_count;
	/* The segment whose acknowledgment is the next sample of the round trip time. */
	int64_t sample_to, sample_ns;
	int64_t rtt_ns, rtt_min_ns; /* the newest sample and the least; 0: none */
	int64_t initial_rtt_ns;     /* the handshake's, set by the caller; 0: not known */
	int64_t zero_since_ns;      /* its sender's window is closed; INT64_MIN: it is open */
	uint64_t segments, retransmissions, spurious, out_of_order, keep_alives, zero_windows;
	uint64_t lost_bytes; /* acknowledged by the other end, and never captured */
};

#define TCP_DIRECTION_INIT \
	((struct tcp_direction){.newest_ns = INT64_MIN, .zero_since_ns = INT64_MIN})

/* The offset of a sequence number that is near what was sent last; the direction has begun. */
int64_t tcp_direction_offset(const struct tcp_direction *direction, uint32_t sequence);

/* Takes the next packet that this direction's end sent; other is the opposite direction, of which it
 * acknowledges bytes. *from is the offset of its first byte, unless SEGMENT_FOREIGN. */
enum segment_kind tcp_direction_see(struct tcp_direction *direction, struct tcp_direction *other,
				    const struct tcp_packet *packet, int64_t *from);

#endif
