/*
 * The state of a join, shared by join.c, weigh.c (evidence), monitor.c (health checks) and decide.c
 * (verdicts).
 */
#ifndef VCAP_JOIN_INT_H
#define VCAP_JOIN_INT_H

#include "join/conntable.h"
#include "join/dispute.h"
#include "join/inspect.h"
#include "join/join_config.h"
#include "join/join_counts.h"
#include "join/lru.h"
#include "join/pairtable.h"
#include "join/verdict.h"
#include "packet/connects.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum answer { UNKNOWN, NO, YES };

/* An entry of the connection table with what is known of the connection. */
struct join_conn {
	struct conn conn;        /* first */
	struct inspect *inspect; /* while its payload may yield evidence; owned */
	/* Whether it is wanted: by its own addresses, by tables, and by its payload. The first that
	 * is not UNKNOWN counts, since a client may have written the headers in the payload. */
	enum answer by_addresses, by_tables, by_payload;
	enum answer monitor;       /* whether it is a health check, by the monitor lines */
	enum join_verdict verdict; /* once it has ended */
	uint64_t path;             /* http1_path of its first request, if has_path; 0: none */
	uint32_t generation;       /* of the pair table when it was last searched */
	int64_t searched_ns;       /* join->now_ns then */
	struct dispute dispute;    /* of its requests, not settled yet */
	bool has_path : 1;
	bool has_opened : 1;  /* the first bytes of its payload were read: a PROXY header or not */
	bool is_local : 1;    /* PROXY LOCAL: the engine's own connection */
	bool has_proxy : 1;   /* by_payload is by a PROXY header */
	bool has_unnamed : 1; /* a request did not name its client */
	bool was_inspected : 1; /* inspection has begun; it is not begun again */
	bool has_client : 1;    /* evidence names its client: it is no health check */
	bool is_ours : 1;       /* evidence names a VIP of this service ... */
	bool is_foreign : 1;    /* ... or of another one */
	bool was_searched : 1;  /* in the pair table */
	bool is_known : 1;      /* its addresses were weighed */
	bool shows_client : 1;  /* on the server side: its own addresses tell the client */
};

struct join {
	struct join_config config;
	/* Separate, so that in both passes over a file the same connections are evicted. */
	struct allowance conn_memory, inspect_memory;
	struct conntable *conns;
	struct pairtable *pairs;
	struct lru *claims;    /* clients of wanted server-side connections */
	struct lru *fragments; /* address pairs of wanted connections */
	struct lru *
	    unwritten; /* servers that clients' requests reached without any header that is known */
	bool has_unwritten;
	struct disputes disputes;
	struct forwarded_rule rule; /* its strings are the configuration's */
	bool has_claims; /* the set may name servers or engines, so clients are claimed */
	bool has_monitor[MONITOR_LOCAL + 1]; /* the service has monitor lines of this kind */
	bool is_replay;                      /* the second pass */
	unsigned char *verdicts;             /* of the first pass, by serial number */
	size_t verdict_count, verdict_room;
	bool out_of_memory;
	int64_t now_ns; /* the newest timestamp seen */
	struct join_counts counts;
	struct connects connects; /* of the server side */
};

/* The entry that starts with this connection. */
static inline struct join_conn *
join_conn_of(struct conn *conn)
{
	return (struct join_conn *)conn;
}

/* Whether the address is in the set of the configuration; without a set none is. */
static inline bool
join_set_has(const struct join *join, struct addr addr)
{
	return join->config.set && addrset_has(join->config.set, addr);
}

#endif
