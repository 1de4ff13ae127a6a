/*
 * One direction of a TCP connection put in order, within bounds: segments that come early wait in
 * a little memory, those that come twice are passed over, and where there is no room to wait, or
 * bytes were never captured, that much is told as lost.
 */
#ifndef VCAP_TCP_REASSEMBLY_H
#define VCAP_TCP_REASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory that several hold parts of. */
struct allowance {
	size_t used, limit;
};

enum {
	TCP_REASSEMBLY_WAITING = 8,           /* segments of a stream that wait at most */
	TCP_REASSEMBLY_WAITING_BYTES = 65536, /* and their bytes */
};

struct tcp_reassembly {
	uint32_t next; /* the sequence number of the next byte */
	bool has_begun;
	uint8_t count;
	uint32_t bytes;
	struct tcp_reassembly_segment *waiting; /* by sequence number; heap, owned */
};

#define TCP_REASSEMBLY_INIT ((struct tcp_reassembly){0})

/* The next bytes in order, which begin a segment if at_segment; bytes is NULL: that many were lost.
 */
typedef void tcp_reassembly_sink(void *context, const unsigned char *bytes, uint32_t size,
				 bool at_segment);

/* The first byte will have this sequence number. Without it the first segment begins the
 * stream. */
void tcp_reassembly_begin(struct tcp_reassembly *whole, uint32_t next);

/* Takes a segment of `wire` bytes of which `size` were captured, and hands on what is in order. */
void tcp_reassembly_push(struct tcp_reassembly *whole, uint32_t sequence,
			 const unsigned char *bytes, uint32_t size, uint32_t wire,
			 struct allowance *allowance, tcp_reassembly_sink *to, void *context);

/* Frees what waits. */
void tcp_reassembly_release(struct tcp_reassembly *whole, struct allowance *allowance);

#endif
