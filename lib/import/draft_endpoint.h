/*
 * Addresses and ports of a service: as a configuration has them, and as vip and server lines of
 * vcap-service(5).
 */
#ifndef VCAP_DRAFT_ENDPOINT_H
#define VCAP_DRAFT_ENDPOINT_H

#include "base/strvec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct draft_ports {
	const char *protocol; /* "tcp", "udp", "sctp"; NULL: any, and any port */
	unsigned first, last; /* 0-65535: any */
	const char *via;      /* the tunnel to a server, as service files have it; NULL: none */
};

#define DRAFT_ANY_PORT 0, UINT16_MAX

/* An address and ports as a configuration has them. The strings are borrowed. */
struct draft_endpoint {
	const char *host; /* an address, range, subnet or name; NULL: every address of the host */
	int family;       /* 4 or 6: only addresses of that family; 0: of both */
	struct draft_ports ports;
	const char *comment; /* NULL: none */
};

/* The vip or server lines of a service, without the keyword, and the ports of each line. */
struct draft_endpoints {
	struct strvec lines;
	struct draft_ports *ports;
	uint32_t *slots; /* a hash table of lines, by their number and one; 0: free */
	size_t slot_count;
};

/* Frees the lines; endpoints is empty afterwards. */
void draft_endpoints_release(struct draft_endpoints *endpoints);

/* Adds a line unless one that differs at most in its comment (NULL: none) is there. Control
 * characters become `?`. -1: out of memory; no line is added. */
int draft_endpoints_add(struct draft_endpoints *endpoints, const char *address,
			struct draft_ports ports, const char *comment);

/* Whether a line has this address, in the same notation. */
bool draft_endpoints_have_host(const struct draft_endpoints *endpoints, const char *host);
/* Whether a line covers this port (0-65535) of this protocol, outside of tunnels. */
bool draft_endpoints_have_port(const struct draft_endpoints *endpoints, const char *protocol,
			       unsigned port);

/* Parses "80" or "80-90" (1-65535). -1: malformed; first and last are unchanged. */
int draft_endpoint_parse_ports(const char *word, unsigned *first, unsigned *last);
/* Splits ADDRESS:PORTS at its last colon, in place, and removes the brackets of [ADDRESS]. Returns
 * the address; *ports is NULL if there are none. Both are parts of word. */
char *draft_endpoint_split(char *word, char **ports);

/* Whether host is a host name that can safely be passed to a resolver. */
bool draft_endpoint_is_host_name(const char *host);

/* Whether host is a loopback address, or `localhost`. */
bool draft_endpoint_is_loopback(const char *host);
/* Whether both are the same address; `localhost` is every loopback address. Names are not resolved:
 * two of the same text are not told to be the same. */
bool draft_endpoint_is_same_host(const char *one, const char *other);

/* Replaces control characters by `?`, in place: a newline would end a comment. text may be NULL. */
void draft_endpoint_replace_controls(char *text);

#endif
