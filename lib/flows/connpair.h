/*
 * Which client a server-side connection carries, as one line of text: what vcap-flows prints and
 * vcap-join reads.
 *
 *	TIME EVENT PROTO CLIENT:PORT VIP:PORT SOURCE:PORT SERVER:PORT
 *
 * TIME is in seconds since 1970-01-01 00:00 UTC with nine decimals: when the server-side
 * connection came to be, as far as that is known. EVENT is `new` or `end`, PROTO `tcp`, `udp` or
 * `sctp`. IPv6 is written `[ADDRESS]:PORT`, a port that is not known `*`, an endpoint of which
 * nothing is known `-`. Words are separated by blanks.
 */
#ifndef VCAP_CONNPAIR_H
#define VCAP_CONNPAIR_H

#include "base/failure.h"
#include "packet/addrset.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct connpair_end {
	struct addr addr;
	uint16_t port;
	bool has_addr; /* false: nothing is known, neither is the port */
	bool has_port;
};

struct connpair {
	int64_t time_ns;  /* since 1970-01-01 00:00 UTC; not negative */
	bool is_end;      /* the pair ended then, rather than began */
	uint8_t protocol; /* IP protocol number (tuple.h) */
	struct connpair_end client, vip, source, server;
};

/* What a source of pairs calls with each; pair is valid for the call. */
typedef void connpair_report(void *context, const struct connpair *pair);

/* The longest line, with the newline and a NUL. Readers refuse what is longer. */
#define CONNPAIR_TEXT 320

/* Reads a line, with or without its newline. 0, or -1 with the offending word in why and pairing
 * unchanged. An empty line, or one that starts with `#`, is not a pair: the reader's to skip. */
int connpair_parse(struct connpair *pairing, const char *line, struct failure *why);

/* Writes the line with its newline, and does not flush. The livestream's error state tells whether
 * it worked. */
void connpair_print(const struct connpair *pairing, FILE *out);

/* Whether what is known of both ends is the same: an unknown address or port equals any. */
bool connpair_end_matches(const struct connpair_end *end, struct addr addr, uint16_t port);

#endif
