/*
 * What a join says of a packet or a connection, and its counts.
 */
#ifndef VCAP_VERDICT_H
#define VCAP_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

enum join_verdict {
	JOIN_OUT,    /* another service's, or monitors that -m drops */
	JOIN_OTHER,  /* this service's, but not of the set */
	JOIN_WANTED, /* of the set */
	/* These may change when more evidence comes: */
	JOIN_UNDECIDED,
	JOIN_PRESUMED, /* of the set, unless it turns out to be another service's, or a health check */
};

/* Server-side connections by their verdict, and what the user should know. */
struct join_counts {
	uint64_t wanted, other, monitors, undecided;
	uint64_t useless_pairs; /* pairs that name no server port */
	bool by_address;        /* a client was found by its address alone, without its port */
	bool vip_unknown;       /* evidence named the client but not the VIP */
};

#endif
