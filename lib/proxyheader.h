/*
 * The PROXY protocol, versions 1 and 2
 * (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt): the header with which an engine
 * begins a connection to a server. Bytes may come in any pieces.
 */
#ifndef VCAP_PROXYHEADER_H
#define VCAP_PROXYHEADER_H

#include "evidence.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest line of version 1, its end included; more than version 2 takes up to its addresses.
 */
#define PROXYHEADER_BYTES 108

enum proxyheader_state {
	PROXYHEADER_MORE,  /* all bytes so far could be one */
	PROXYHEADER_NONE,  /* they are no PROXY header: bytes[0..length) are the connection's own */
	PROXYHEADER_FOUND, /* what it says, which may be nothing: evidence */
	PROXYHEADER_BAD,   /* it is one, and makes no sense */
};

struct proxyheader {
	enum proxyheader_state state;
	uint16_t length; /* of bytes */
	uint32_t skip;   /* bytes of version 2 that are still to be passed over */
	unsigned char bytes[PROXYHEADER_BYTES];
};

#define PROXYHEADER_INIT ((struct proxyheader){0})

/*
 * Takes bytes while the state is PROXYHEADER_MORE, and what is left of the header after that.
 * Returns how many were used: all, unless the header ended (or there is none) before. evidence is
 * filled when the state becomes PROXYHEADER_FOUND.
 */
size_t proxyheader_feed(struct proxyheader *header, const unsigned char *bytes, size_t size,
			struct evidence *evidence);

#endif
