/*
 * Pairs in what HAProxy answers to `show sess all` (management guide, 9.3): a block of lines for
 * each session, of which these count, here as HAProxy 2.6 writes them:
 *
 *	0x7f3dac0427b0: [25/Nov/2026:21:18:27.800181] id=8 proto=tcpv4 source=127.0.0.1:54534
 *	  frontend=t (id=3 mode=tcp), listener=? (id=1) addr=127.0.0.1:9081
 *	  backend=ts (id=4 mode=tcp) addr=127.0.0.1:33940
 *	  server=a (id=1) addr=127.0.0.1:9091
 *
 * IPv6 addresses are without brackets: the last colon is before the port.
 */
#ifndef VCAP_HAPROXY_SESS_H
#define VCAP_HAPROXY_SESS_H

#include "flows/connpair.h"

#include <stdbool.h>
#include <stdint.h>

/* The session whose lines are being read. */
struct haproxy_sess {
	struct connpair_end client, vip, source;
};

#define HAPROXY_SESS_INIT ((struct haproxy_sess){0})

/* Takes a line. True: it has completed a session with a server, and pairing is that one as of
 * now_ns. */
bool haproxy_sess_take(struct haproxy_sess *session, const char *line, int64_t now_ns,
		       struct connpair *pairing);

#endif
