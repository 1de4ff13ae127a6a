/*
 * The PROXY protocol, versions 1 and 2
 * (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt): the header with which an engine
 * begins a connection to a server. It may arrive in pieces of any size.
 */
#ifndef VCAP_PROXY_PROTOCOL_H
#define VCAP_PROXY_PROTOCOL_H

#include "join/evidence.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest version 1 header, with CRLF. Version 2 with its addresses is shorter. */
#define PROXY_PROTOCOL_BYTES 108

enum proxy_protocol_state {
	PROXY_PROTOCOL_MORE,  /* the bytes so far may be the start of a header */
	PROXY_PROTOCOL_NONE,  /* no header: bytes[0..length) are payload */
	PROXY_PROTOCOL_FOUND, /* a header; it may name no client */
	PROXY_PROTOCOL_BAD,   /* a malformed header */
};

struct proxy_protocol {
	enum proxy_protocol_state state;
	uint16_t length; /* of bytes */
	uint32_t skip;   /* remaining bytes of a version 2 header */
	unsigned char bytes[PROXY_PROTOCOL_BYTES];
};

#define PROXY_PROTOCOL_INIT ((struct proxy_protocol){0})

/*
 * Parses bytes while the state is PROXY_PROTOCOL_MORE, then skips the rest of the header. Returns
 * the number of bytes used: all, unless the header ends before, or there is none. evidence is
 * filled in when the state becomes PROXY_PROTOCOL_FOUND, and cleared otherwise.
 */
size_t proxy_protocol_feed(struct proxy_protocol *header, const unsigned char *bytes, size_t size,
			   struct evidence *evidence);

#endif
