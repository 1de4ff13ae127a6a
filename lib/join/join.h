/*
 * Which packets belong to the transactions of a set of addresses: both sides of a proxy, joined by
 * what the packets of the server side or a table say of the client behind each connection.
 *
 * A capture that can be read twice is learned first and judged then; a stream is judged as it
 *goes, and what cannot be told yet is asked again later:
 *
 *	join_new -> join_see ... -> join_finish -> join_again -> join_see ... (a file)
 *	join_new -> join_see, join_ask ... -> join_finish                     (a stream)
 */
#ifndef VCAP_JOIN_H
#define VCAP_JOIN_H

#include "base/failure.h"
#include "filter/service.h"
#include "flows/connpair.h"
#include "join/conntable.h"
#include "packet/addrset.h"
#include "packet/bpf.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct join_config {
	const struct service *service; /* NULL: of no service; per_packet then */
	const struct addrset *set;     /* sealed; NULL: all that is this service's */
	enum monitor_mode monitors;
	bool per_packet;      /* an end of the packet itself is in the set */
	bool exclude;         /* of what the service and monitors select, the rest */
	bool keeps_undecided; /* what cannot be told is wanted */
	bool has_tables;      /* pairs may come */
	bool is_live;         /* a stream: not all has been seen before the first verdict counts */
	const struct bpf *program; /* judges what is wanted; NULL: none */
	const char *header;        /* httprequest.h */
	size_t memory;             /* for connections, in bytes */
	int64_t hold_ns;           /* how long a new connection may take to be decided */
	uint64_t seed;             /* any number that outsiders do not know */
};

enum join_verdict {
	JOIN_OUT,    /* of another service, or of those monitors that -m drops */
	JOIN_OTHER,  /* of this service, but not of the set */
	JOIN_WANTED, /* of the set */
	/* There may be more to know: */
	JOIN_UNDECIDED,
	JOIN_PRESUMED, /* of the set, unless it turns out to be another service's */
};

/* Server-side connections by what became of them, and what the user should know. */
struct join_counts {
	uint64_t wanted, other, monitors, undecided;
	uint64_t useless_pairs; /* that named no server's port */
	bool by_address;        /* a client was found by its address alone, not its port */
	bool vip_unknown;       /* evidence did not say which service it is of */
};

struct join;

/* Everything in config is the caller's, and outlives it. */
struct join *join_new(const struct join_config *config, struct failure *why);
void join_free(struct join *join);

/* A line of a table. */
void join_pair(struct join *join, const struct connpair *pairing);

/*
 * The verdict on the next packet. JOIN_UNDECIDED or JOIN_PRESUMED: *flow is what to ask about
 * later, if not NULL; if it is NULL, asking would be of no use. While a file is learned the verdict
 * means nothing.
 */
enum join_verdict join_see(struct join *join, const struct packet *packet, uint16_t linktype,
			   struct conn **flow);

/* The verdict on a connection by now. JOIN_UNDECIDED, JOIN_PRESUMED: *is_final tells whether it
 * will stay so. */
enum join_verdict join_ask(struct join *join, struct conn *flow, bool *is_final);

/* The flow is held while somebody may ask about it. */
void join_hold(struct join *join, struct conn *flow);
void join_let_go(struct join *join, struct conn *flow);

/* Whether the connections take more memory than they may, because some are held. */
bool join_is_over(const struct join *join);

/* Whether a packet with this verdict is kept. */
bool join_keeps(const struct join *join, enum join_verdict verdict, const struct packet *packet);

/* There is nothing more to see: every connection ends. */
void join_finish(struct join *join);

/* The same packets come once more, from the first; verdicts are those of the whole capture. */
int join_again(struct join *join, struct failure *why);

const struct join_counts *join_counts(const struct join *join);

#endif
