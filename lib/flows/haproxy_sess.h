/*
 * Connection pairs in the answer of HAProxy to `show sess all` (management guide, 9.3): a block of
 * lines for each session, of which these matter, as HAProxy 2.6 writes them:
 *
 *	0x7f3dac0427b0: [25/Nov/2026:21:18:27.800181] id=8 proto=tcpv4 source=127.0.0.1:54534
 *	  frontend=t (id=3 mode=tcp), listener=? (id=1) addr=127.0.0.1:9081
 *	  backend=ts (id=4 mode=tcp) addr=127.0.0.1:33940
 *	  server=a (id=1) addr=127.0.0.1:9091
 *
 * IPv6 addresses have no brackets: the port follows the last colon.
 */
#ifndef VCAP_HAPROXY_SESS_H
#define VCAP_HAPROXY_SESS_H

#include "flows/connpair.h"

#include <stdbool.h>
#include <stdint.h>

/* The session whose lines are being parsed: what is known of it so far. */
struct haproxy_sess {
	struct connpair_end client, vip, source;
};

#define HAPROXY_SESS_INIT ((struct haproxy_sess){0})

/* Parses a line. True when it has completed a session that has a server: pair is then filled, with
 * the time now_ns (nanoseconds since 1970). Otherwise pair is unchanged. */
bool haproxy_sess_parse(struct haproxy_sess *session, const char *line, int64_t now_ns,
			struct connpair *pair);

#endif
