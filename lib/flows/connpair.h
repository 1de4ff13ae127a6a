/*
 * A connection pair: a connection from a load balancer to a server, and the client's connection
 * that it carries. As one line of text it is what vcap-flows prints and vcap-join reads:
 *
 *	TIME EVENT PROTO CLIENT:PORT VIP:PORT SOURCE:PORT SERVER:PORT [haproxy=END/STATUS]
 *
 * TIME is in seconds since 1970-01-01 00:00 UTC with nine decimals: when the connection to the
 * server began or ended, if that is known. EVENT is `new` or `end`, PROTO `tcp`, `udp` or `sctp`,
 * or `udp/tcp` and the like where the client's connection has another one than the server's. END and
 * STATUS are what HAProxy says became of it: %tsc and %ST of its log. Further words NAME=VALUE may
 * follow, and are passed over. IPv6 is `[ADDRESS]:PORT`, an unknown port `*`, an unknown endpoint `-`. SOURCE is the load
 * balancer's address towards the server. Words are separated by blanks.
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
	bool has_addr; /* false: the port is unknown, too */
	bool has_port;
};

/* What HAProxy said became of it (its manual, 8.5 "Session state at disconnection"). */
struct connpair_said {
	char end[5];    /* 2 to 4 of [A-Za-z-]; "": it said nothing */
	char status[4]; /* of HTTP, three digits; "-1" or "-": none */
};

struct connpair {
	int64_t time_ns;  /* since 1970-01-01 00:00 UTC; not negative */
	bool is_end;      /* the connection to the server ended then, rather than began */
	uint8_t protocol; /* IP protocol number (dissect.h) of the connection to the server */
	uint8_t client_protocol; /* of the client's, if it is written apart; 0: the same */
	struct connpair_end client, vip, source, server;
	struct connpair_said said;
};

/* What a source of pairs calls with each; pair is valid for the call. */
typedef void connpair_report(void *context, const struct connpair *pair);

/* Room for the longest line, with its newline and a NUL. A longer one does not parse. */
#define CONNPAIR_TEXT 320

/* Parses a line, with or without its newline. 0, or -1 with the offending word in why and pair
 * unchanged. An empty line, or one that starts with `#`, is not a pair either: skip it before. */
int connpair_parse(struct connpair *pair, const char *line, struct failure *why);

/* Whether these are words as HAProxy writes them; then stores them. */
bool connpair_set_said(struct connpair_said *said, const char *end, size_t end_length,
		       const char *status, size_t status_length);

/* Writes the line with its newline; does not flush. Check ferror(out). */
void connpair_print(const struct connpair *pair, FILE *out);

/* Whether an endpoint can be addr and port: what is unknown of it matches anything. */
bool connpair_end_matches(const struct connpair_end *end, struct addr addr, uint16_t port);

#endif
