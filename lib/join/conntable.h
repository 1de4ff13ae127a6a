/*
 * Connections, told apart by protocol, both ends and time: ports are used again, so a new SYN, or a
 * packet after a long silence, begins a new connection between the same ends. The same packets in
 * the same order make the same connections, with the same serial numbers.
 *
 * Memory is bounded: when there is no room, the connection gives way that was silent for longest,
 * those first that never were more than a SYN.
 */
#ifndef VCAP_CONNTABLE_H
#define VCAP_CONNTABLE_H

#include "base/failure.h"
#include "join/lru.h"
#include "join/tcp_reassembly.h"
#include "packet/dissect.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The ends: `one` is the client or, towards servers, the engine; `other` the VIP or server. */
struct conn_key {
	struct lru_key ends;
	bool is_server_side;
};

enum conn_stage {
	CONN_EMBRYO, /* a SYN and no reply */
	CONN_OPEN,
	CONN_CLOSED, /* ended, but packets may still come */
	CONN_STAGES,
};

struct conn {
	struct conn_key key;
	uint64_t serial;  /* how many began before it */
	int64_t start_ns; /* of its first packet, and of its newest */
	int64_t last_ns;
	/* What is said of these ends before and after that is of other connections. */
	int64_t since_ns, until_ns;
	uint32_t isn; /* the first sequence number of `one`, if has_isn */
	bool has_isn, has_syn, has_payload, is_ended;
	uint8_t fins; /* 1: `one` has sent a FIN, 2: `other` */
	enum conn_stage stage;
	uint32_t holders; /* who still points to it: conntable_let_go() */
	/* The table's. */
	struct conn *next_in_bucket, *newer, *older;
	uint64_t hash;
};

struct conntable;

/* How long before its first packet something may be said of a connection. */
#define CONN_SLACK_NS INT64_C(1000000000)

/* A flow ends: nothing more will come of it. Called once for each; its memory may outlive it. */
typedef void conntable_end(void *context, struct conn *flow);
/* Frees what the holder's part of a flow owns. */
typedef void conntable_discard(void *context, struct conn *flow);

struct conntable_config {
	size_t
	    size; /* of what the caller keeps a connection: a struct that starts with struct conn */
	struct allowance *allowance;
	uint64_t seed; /* any number that outsiders do not know */
	conntable_end *end;
	conntable_discard *discard;
	void *context;
};

struct conntable *conntable_new(const struct conntable_config *config, struct failure *why);
void conntable_free(struct conntable *table); /* without ending anything */

/*
 * The connection of a packet that has ports and is not quoted: found, or begun. *forward: the
 * packet goes from `one` to `other`, which key is for if is_forward. NULL: no memory.
 */
struct conn *conntable_see(struct conntable *table, const struct conn_key *key, bool is_forward,
			   int64_t time_ns, const struct tuple *tuple, bool *forward);

/* The connection between these ends, either way round, that packets are seen of now; or NULL. */
struct conn *conntable_find(const struct conntable *table, const struct conn_key *key);

/* Another pointer to it is kept, or is gone. */
static inline void
conntable_hold(struct conn *flow)
{
	flow->holders++;
}
void conntable_let_go(struct conntable *table, struct conn *flow);

/* Ends all, the oldest first; they are still found. */
void conntable_end_all(struct conntable *table);

#endif
