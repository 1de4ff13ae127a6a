/*
 * Connections, told apart by protocol, both ends and time: ports are used again, so a new SYN, or a
 * packet after a long silence, begins a new connection between the same ends. The same packets in
 * the same order make the same connections, with the same serial numbers.
 *
 * Memory is bounded: when there is no room, the connection gives way that was silent for longest,
 * those first that never were more than a SYN.
 */
#ifndef VCAP_FLOW_H
#define VCAP_FLOW_H

#include "failure.h"
#include "packet.h"
#include "reassembly.h"
#include "recency.h"
#include "tuple.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The ends: `one` is the client or, towards servers, the engine; `other` the VIP or server. */
struct flow_key {
	struct recency_key ends;
	bool is_server_side;
};

enum flow_stage {
	FLOW_EMBRYO, /* a SYN and no reply */
	FLOW_OPEN,
	FLOW_CLOSED, /* ended, but packets may still come */
	FLOW_STAGES,
};

struct flow {
	struct flow_key key;
	uint64_t serial;  /* how many began before it */
	int64_t start_ns; /* of its first packet, and of its newest */
	int64_t last_ns;
	/* What is said of these ends before and after that is of other connections. */
	int64_t since_ns, until_ns;
	uint32_t isn; /* the first sequence number of `one`, if has_isn */
	bool has_isn, has_syn, has_payload, is_ended;
	uint8_t fins; /* 1: `one` has sent a FIN, 2: `other` */
	enum flow_stage stage;
	uint32_t holders; /* who still points to it: flowtable_let_go() */
	/* The table's. */
	struct flow *next_in_bucket, *newer, *older;
	uint64_t hash;
};

struct flowtable;

/* How long before its first packet something may be said of a connection. */
#define FLOW_SLACK_NS INT64_C(1000000000)

/* A flow ends: nothing more will come of it. Called once for each; its memory may outlive it. */
typedef void flow_end(void *context, struct flow *flow);
/* Frees what the holder's part of a flow owns. */
typedef void flow_discard(void *context, struct flow *flow);

struct flowtable_config {
	size_t
	    size; /* of what the caller keeps a connection: a struct that starts with struct flow */
	struct allowance *allowance;
	uint64_t seed; /* any number that outsiders do not know */
	flow_end *end;
	flow_discard *discard;
	void *context;
};

struct flowtable *flowtable_new(const struct flowtable_config *config, struct failure *why);
void flowtable_free(struct flowtable *table); /* without ending anything */

/*
 * The connection of a packet that has ports and is not quoted: found, or begun. *forward: the
 * packet goes from `one` to `other`, which key is for if is_forward. NULL: no memory.
 */
struct flow *flowtable_see(struct flowtable *table, const struct flow_key *key, bool is_forward,
			   int64_t time_ns, const struct tuple *tuple, bool *forward);

/* The connection between these ends, either way round, that packets are seen of now; or NULL. */
struct flow *flowtable_find(const struct flowtable *table, const struct flow_key *key);

/* Another pointer to it is kept, or is gone. */
static inline void
flowtable_hold(struct flow *flow)
{
	flow->holders++;
}
void flowtable_let_go(struct flowtable *table, struct flow *flow);

/* Ends all, the oldest first; they are still found. */
void flowtable_end_all(struct flowtable *table);

#endif
