/*
 * TCP reassembly of one direction of a connection, within bounds: segments that come early wait,
 * duplicates are skipped, and bytes that were not captured, or for which waiting takes too much
 * memory, are reported as lost.
 */
#ifndef VCAP_TCP_REASSEMBLY_H
#define VCAP_TCP_REASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A memory budget that several objects share, in bytes. */
struct allowance {
	size_t used, limit;
};

enum {
	TCP_REASSEMBLY_WAITING = 8,           /* the most segments that wait, unless said */
	TCP_REASSEMBLY_WAITING_BYTES = 65536, /* and the most bytes in them */
};

/* The payload of a packet. */
struct segment {
	uint32_t sequence; /* of its first byte */
	uint32_t size;     /* captured bytes */
	uint32_t wire;     /* bytes on the wire, at least size */
	const unsigned char *bytes;
	/* The caller's, for its sink: when it was captured, and the number of its packet. */
	int64_t ts_ns;
	uint64_t packet;
};

struct tcp_reassembly {
	uint32_t next; /* the sequence number of the next byte */
	bool has_begun;
	uint8_t count;
	uint32_t bytes;
	struct waiting_segment *waiting; /* by sequence number; heap, owned */
	/* During a call of the sink: the segment that the bytes are from; NULL if they were lost. */
	const struct segment *passing;
	uint8_t most;        /* segments may wait; 0: TCP_REASSEMBLY_WAITING */
	uint32_t most_bytes; /* in them; 0: TCP_REASSEMBLY_WAITING_BYTES */
};

#define TCP_REASSEMBLY_INIT ((struct tcp_reassembly){0})

/* Receives the next bytes in order. bytes is NULL: size bytes were lost. at_segment: the first byte
 * is that of a segment. */
typedef void tcp_reassembly_sink(void *context, const unsigned char *bytes, uint32_t size,
				 bool at_segment);

/* Sets the sequence number of the first byte. Without this, the first segment pushed is taken for
 * the start. */
void tcp_reassembly_begin(struct tcp_reassembly *stream, uint32_t next);

/* Adds a segment, and passes to `to` all bytes that are in order now. Its bytes are copied if they
 * have to wait. */
void tcp_reassembly_push(struct tcp_reassembly *stream, const struct segment *segment,
			 struct allowance *allowance, tcp_reassembly_sink *to, void *context);

/* The other end has everything before this sequence number: what is missing of it was not captured,
 * and is passed as lost. */
void tcp_reassembly_acknowledge(struct tcp_reassembly *stream, uint32_t sequence,
				struct allowance *allowance, tcp_reassembly_sink *to,
				void *context);

/* Frees the waiting segments. */
void tcp_reassembly_release(struct tcp_reassembly *stream, struct allowance *allowance);

#endif
