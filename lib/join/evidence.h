/*
 * Evidence about a server-side connection: the client whose requests it carries, and the VIP that
 * the client connected to. It comes from proxy_protocol, http1 and, for tables, pairtable.
 */
#ifndef VCAP_EVIDENCE_H
#define VCAP_EVIDENCE_H

#include "packet/addrset.h"

#include <stdbool.h>
#include <stdint.h>

struct evidence_end {
	struct addr addr;
	uint16_t port;
	bool is_known; /* addr is; see evidence_addr */
	bool has_port; /* port is known */
};

struct evidence {
	struct evidence_end client, vip;
	bool is_local; /* the engine's own connection: it carries no client */
};

/* The address as packets show it: an IPv4-mapped one (::ffff:a.b.c.d) becomes IPv4. */
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
