/*
 * What tells that a server-side connection or request carries a client's, from the surest on; and
 * what a connection or request says of the client it carries.
 */
#ifndef VCAP_CONFIDENCE_H
#define VCAP_CONFIDENCE_H

#include "join/evidence.h"

#include <stdbool.h>

enum confidence {
	CONFIDENCE_NONE,     /* nothing */
	CONFIDENCE_CLIENT,   /* the client's address, and several of its requests may be meant */
	CONFIDENCE_HEADER,   /* the client's address, and only one of its requests was waiting */
	CONFIDENCE_SEQUENCE, /* the same sequence numbers on both sides: address translation */
	CONFIDENCE_TABLE,    /* a pair of a table names the client's connection */
	CONFIDENCE_PROXY,    /* a PROXY protocol header does */
};

struct client_hint {
	struct evidence_end client;
	enum confidence
	    source; /* CONFIDENCE_HEADER, _TABLE or _PROXY; CONFIDENCE_NONE: there is none */
};

/* "proxy", "table", "sequence", "header", "client", "?"; static. */
const char *confidence_name(enum confidence confidence);

#endif
