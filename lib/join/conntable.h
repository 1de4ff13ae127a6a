/*
 * The connection table. Connections differ by five-tuple and time: ports are reused, so a new SYN,
 * or a packet after a long silence, begins another connection between the same ends. The same
 * packets in the same order make the same connections, with the same serial numbers.
 *
 * Memory is bounded: when it is used up, the connection that was silent for longest is evicted,
 * half-open ones first.
 */
#ifndef VCAP_CONNTABLE_H
#define VCAP_CONNTABLE_H

#include "base/failure.h"
#include "join/flowkey.h"
#include "join/tcp_reassembly.h"
#include "packet/dissect.h"
#include "packet/handshake.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In ends, `one` is the client or, on the server side, the engine; `other` the VIP or server. */
struct conn_key {
	struct flowkey ends;
	bool is_server_side;
};

/* Of a packet: from `one` to `other`, or back. */
enum conn_direction { CONN_FORWARD, CONN_BACKWARD };

enum conn_stage {
	CONN_HALF_OPEN, /* a SYN without a reply */
	CONN_OPEN,
	CONN_CLOSED, /* both FINs or an RST were seen; packets may still come */
	CONN_STAGES,
};

struct conn {
	struct conn_key key;
	uint64_t serial;  /* the number of connections before it */
	int64_t start_ns; /* of its first packet */
	int64_t last_ns;  /* of its newest packet */
	/* Evidence about these ends from before or after belongs to other connections. */
	int64_t since_ns, until_ns;
	struct handshake handshake; /* TCP; `one` is the opener */
	bool has_payload : 1;
	bool is_ended : 1;    /* no packet will be added to it */
	bool is_replaced : 1; /* ... since another one began between the same ends */
	uint8_t fins : 2;     /* 1: `one` has sent a FIN, 2: `other` */
	enum conn_stage stage;
	uint32_t holders; /* a reference count: the table, and conntable_hold() */
	/* Private to the table. */
	struct conn *next_in_bucket, *newer, *older;
	uint64_t hash;
};

struct conntable;

/* Clocks differ: how long before its first packet, and after its last, evidence about a connection
 * may be dated. */
#define CONN_SLACK_NS INT64_C(1000000000)

/* Called once for each connection when it ends. It stays in memory while it is held. */
typedef void conntable_end(void *context, struct conn *conn);
/* Called before a connection is freed, to free what the caller's part of it owns. */
typedef void conntable_discard(void *context, struct conn *conn);

struct conntable_config {
	size_t size; /* of an entry: the caller's struct, which starts with struct conn */
	struct allowance *allowance; /* the caller's */
	struct siphash_key secret;   /* of the hash */
	conntable_end *end;
	conntable_discard *discard;
	void *context;
};

/* Copies config. NULL: out of memory. */
struct conntable *conntable_new(const struct conntable_config *config, struct failure *why);
/* Discards all connections without ending them. None may be held. */
void conntable_free(struct conntable *table);

/*
 * Finds the connection of a packet, or begins it; the packet has ports and is not quoted by an ICMP
 * error. *direction is the packet's direction with the ends as in key, and becomes its direction
 * with the ends as in the connection. NULL: out of memory.
 */
struct conn *conntable_see(struct conntable *table, const struct conn_key *key,
			   enum conn_direction *direction, int64_t time_ns,
			   const struct tuple *tuple);

/* The newest connection between these ends, either way round; or NULL. */
struct conn *conntable_find(const struct conntable *table, const struct conn_key *key);

/* Whether it is a connect that failed, as far as can be told by now: its handshake was not completed
 * and nothing more of it is to be expected. */
static inline bool
conn_has_failed(const struct conn *conn)
{
	return (conn->handshake.state == HANDSHAKE_ASKED ||
		conn->handshake.state == HANDSHAKE_REFUSED) &&
	       (conn->is_ended || conn->stage == CONN_CLOSED);
}

/* Takes a reference, which keeps the memory of the connection until conntable_let_go. */
static inline void
conntable_hold(struct conn *conn)
{
	conn->holders++;
}
/* Drops a reference. The last one, the table's included, frees the connection. */
void conntable_let_go(struct conntable *table, struct conn *conn);

/* Ends all connections, those silent for longest first. conntable_find still finds them. */
void conntable_end_all(struct conntable *table);

#endif
