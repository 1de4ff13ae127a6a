/*
 * What somebody who knows says of a server-side connection: the client whose request it carries,
 * and the VIP that the client talked to. Each kind of evidence is a module of its own that fills
 * this: proxyheader, httprequest, and pairs for tables.
 */
#ifndef VCAP_EVIDENCE_H
#define VCAP_EVIDENCE_H

#include "packet/addrset.h"

#include <stdbool.h>
#include <stdint.h>

struct evidence_end {
	struct addr addr;
	uint16_t port;
	bool is_known; /* the address; an IPv4-mapped IPv6 address is given as IPv4 */
	bool has_port;
};

struct evidence {
	struct evidence_end client, vip;
	bool is_local; /* the engine's own connection: it carries no client */
};

/* An address as evidence has it: ::ffff:a.b.c.d is a.b.c.d, which is what its packets show. */
static inline struct addr
evidence_addr(struct addr addr)
{
	if (addr.family == 6 && addr.value >> 32 == 0xffff) {
		addr.family = 4;
		addr.value = (uint32_t)addr.value;
	}
	return addr;
}

#endif
