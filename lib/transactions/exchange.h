/*
 * A request and its response on one connection, on one side of the proxy: when each of their parts
 * was seen, and what was in them. A time that the packets do not show is EXCHANGE_NEVER.
 *
 * A `bare` exchange stands for a whole connection whose bytes say nothing: one that failed, or that
 * is encrypted.
 */
#ifndef VCAP_EXCHANGE_H
#define VCAP_EXCHANGE_H

#include "join/forwarded.h"
#include "join/tcp_reassembly.h"
#include "transactions/confidence.h"
#include "transactions/http_message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXCHANGE_NEVER INT64_MIN

/* When a byte was captured, and in which packet of the input, counted from 1; 0: in none. */
struct moment {
	int64_t ns;
	uint64_t packet;
};

#define MOMENT_NEVER ((struct moment){.ns = EXCHANGE_NEVER})

static inline bool
moment_is_known(struct moment moment)
{
	return moment.ns != EXCHANGE_NEVER;
}

/* One of the two messages. */
struct exchange_message {
	struct moment first, head, last; /* first byte, last of the head, last of all */
	int64_t from, to; /* offsets (tcp_direction.h) of the first byte, and behind the last */
	uint64_t stream_bytes; /* of HTTP/2: in frames of its stream */
	bool has_begun, has_head, has_ended;
	bool has_hole; /* some of its bytes were not captured */
	uint64_t retransmissions, out_of_order;
};

struct sideconn;

struct exchange {
	struct exchange *next; /* of its connection, in order */
	struct sideconn *conn;
	struct allowance *allowance; /* what it takes counts against that */
	unsigned holders;            /* references: its connection's, and what carries it */
	uint64_t number;             /* on its connection, from 0 */
	uint32_t stream;             /* of HTTP/2; 0: HTTP/1 */
	struct exchange_message request, response;
	int64_t before_ns;     /* when the response before it ended on the connection */
	int64_t acked_ns;      /* of the last byte of the response */
	int64_t stalled_ns;    /* while the response was sent: the receiver's window was closed, or
				       the sender waited before it sent something again */
	int64_t stalled_to_ns; /* until when that is counted */
	uint64_t zero_windows; /* of the receiver of the response while it was sent */
	uint64_t request_zero_windows; /* of the receiver of the request, likewise */
	int64_t seen_ns;               /* of the first byte of it that was seen */
	/* HTTP/2, by enum conn_direction: when that end reset the stream, or refused it by a GOAWAY; and when
	 * it ended its half of a tunnel. EXCHANGE_NEVER. */
	int64_t reset_ns[2], fin_ns[2];
	uint16_t status;        /* of the final response */
	bool has_informational; /* a 1xx came before */
	bool is_tunnel;         /* 101, or CONNECT: what follows is no HTTP */
	bool is_bare;
	bool target_is_cut;
	bool wants_continue;
	char method[HTTP_METHOD];
	char *target;       /* heap, owned; NULL: not known */
	uint64_t signature; /* http_message.h */
	/* Server side: the client that the head names; several if its headers disagree. */
	struct client_hint hints[FORWARDED_NAMES];
	uint8_t hint_count;
	struct evidence_end told_client; /* what pairing made of that, if there is nothing better */
	/* Client side: the server-side exchanges that carried it, in order, the last one's response
	 * being relayed. Server side: `carries` is that of the client side. */
	struct exchange **attempts; /* heap, owned; each is held, and its connection */
	size_t attempt_count;
	struct exchange *carries;
	struct sideconn *client;    /* server side: whose it is, if that cannot be read; held */
	enum confidence confidence; /* of that */
	bool is_tentative;          /* in attempts only because nobody else was waiting */
	bool is_settled;            /* no more is expected of it: it waits to be told */
	bool is_told;
	/* The list of those that wait for a server (client side). */
	struct exchange *older_waiting, *newer_waiting;
	bool is_waiting;
	int64_t settled_ns, unpaired_ns; /* row.h, as of then */
	struct exchange *next_settled;
};

/* A new exchange with one holder, all times unknown. NULL: out of memory, or of the allowance. */
struct exchange *exchange_new(struct sideconn *conn, struct allowance *allowance);
/* Keeps a copy of the target. */
void exchange_set_target(struct exchange *exchange, const char *target);

/* Whether an end reset its stream. */
bool exchange_is_reset(const struct exchange *exchange);

/* Takes a reference, and drops one; the last frees it. */
void exchange_hold(struct exchange *exchange);
void exchange_let_go(struct exchange *exchange);

/* Adds a server-side exchange as the newest attempt, and holds it. -1: out of memory. */
int exchange_attempt(struct exchange *exchange, struct exchange *attempt);
/* Takes one of its attempts out, without letting it go. */
void exchange_drop_attempt(struct exchange *exchange, const struct exchange *attempt);

/* The path without the query in the target; *size bytes. NULL: not known. */
const char *exchange_path(const struct exchange *exchange, size_t *size);

#endif
