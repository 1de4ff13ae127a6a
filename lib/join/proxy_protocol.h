/*
 * The PROXY protocol, versions 1 and 2
 * (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt): the header with which an engine
 * begins a connection to a server. Bytes may come in any pieces.
 */
#ifndef VCAP_PROXY_PROTOCOL_H
#define VCAP_PROXY_PROTOCOL_H

#include "join/evidence.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest line of version 1, its end included; more than version 2 takes up to its addresses.
 */
#define PROXY_PROTOCOL_BYTES 108

enum proxy_protocol_state {
	PROXY_PROTOCOL_MORE,  /* all bytes so far could be one */
	PROXY_PROTOCOL_NONE,  /* they are no PROXY header: bytes[0..length) are the connection's own
			       */
	PROXY_PROTOCOL_FOUND, /* what it says, which may be nothing: evidence */
	PROXY_PROTOCOL_BAD,   /* it is one, and makes no sense */
};

struct proxy_protocol {
	enum proxy_protocol_state state;
	uint16_t length; /* of bytes */
	uint32_t skip;   /* bytes of version 2 that are still to be passed over */
	unsigned char bytes[PROXY_PROTOCOL_BYTES];
};

#define PROXY_PROTOCOL_INIT ((struct proxy_protocol){0})

/*
 * Takes bytes while the state is PROXY_PROTOCOL_MORE, and what is left of the header after that.
 * Returns how many were used: all, unless the header ended (or there is none) before. evidence is
 * filled when the state becomes PROXY_PROTOCOL_FOUND.
 */
size_t proxy_protocol_feed(struct proxy_protocol *header, const unsigned char *bytes, size_t size,
			   struct evidence *evidence);

#endif
