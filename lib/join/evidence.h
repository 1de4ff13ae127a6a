/*
 * Evidence about a server-side connection: the client whose requests it carries, and the VIP that
 * the client connected to. It comes from proxy_protocol, http1 and, for tables, pairtable.
 */
#ifndef VCAP_EVIDENCE_H
#define VCAP_EVIDENCE_H

#include "filter/service.h"
#include "packet/addrset.h"

#include <stdbool.h>
#include <stdint.h>

struct evidence_end {
	struct addr addr;
	uint16_t port;
	bool is_known; /* addr is; see evidence_addr */
	bool has_port; /* port is known */
};

struct forwarded;

struct evidence {
	struct evidence_end client, vip;
	uint8_t protocol; /* of the client's connection, if it is not the server's; else 0 */
	bool is_local;    /* the engine's own connection: it carries no client */
	/* What the headers of a request say, which client is taken from; NULL: it is from elsewhere.
	 * Valid while it is reported. */
	const struct forwarded *headers;
	bool is_disputed; /* headers name different clients (forwarded.h): client is not known */
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

/* Whether the VIP that it names, which is known, is the service's; protocol is that of the connection to
 * the server. */
bool evidence_names_vip(const struct evidence *evidence, const struct service *service,
			uint8_t protocol);

/* Whether the address is the engine's own: one of the service's, or that of the connection's end. */
bool evidence_is_own(const struct service *service, struct addr engine, struct addr addr);

/* Whether it is about a connection within the engine, from one of its proxies to the next: it names
 * no client, but leads to one, as tables may know that connection. */
bool evidence_is_inner(const struct evidence *evidence, const struct service *service,
		       struct addr engine, uint8_t protocol);

#endif
