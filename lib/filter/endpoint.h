/*
 * Endpoints: where the packets of a service have one of their ends, by addresses, protocol and ports.
 */
#ifndef VCAP_ENDPOINT_H
#define VCAP_ENDPOINT_H

#include "base/failure.h"
#include "packet/addrset.h"
#include "packet/tunnel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Endpoints with the same protocol and ports, and their addresses as one sealed set. The keys are
 * TUPLE_KEYs (dissect.h), both included. */
struct endpoint_group {
	uint32_t first_key, last_key;
	struct addrset addresses;
};

/* One `vip` or `server` line: addresses, optionally a protocol and ports, and the tunnel that packets of
 * a server are in. */
struct endpoint {
	uint8_t family;                 /* 4 or 6 */
	uint8_t protocol;               /* 0: any */
	uint16_t port_first, port_last; /* 0-65535 when none was given */
	struct interval addresses;
	struct tunnel via; /* TUNNEL_NONE: in none */
};

/* Parses PROTO[/PORT[-PORT]] into the protocol and ports of endpoint. On failure these are
 * undefined. */
int endpoint_parse_ports(struct endpoint *endpoint, const char *word, struct failure *why);

/* The range of TUPLE_KEYs of an endpoint, or of `monitor PROTO/PORT`; both included. */
void endpoint_keys(const struct endpoint *endpoint, uint32_t *first, uint32_t *last);

/* Groups the endpoints of this tunnel: appends to groups, which is on the heap, one for each range of
 * keys. On failure the groups so far are valid. */
int endpoint_groups_make(struct endpoint_group **groups, size_t *count,
			 const struct endpoint *endpoints, size_t endpoint_count, struct tunnel via,
			 struct failure *why);
void endpoint_groups_free(struct endpoint_group *groups, size_t count);

/* Adds the addresses of all these endpoints, whatever their ports, and seals the set. */
int endpoint_addresses(struct addrset *set, const struct endpoint *endpoints, size_t count,
		       struct failure *why);

/* Prints an endpoint as its line in a service file, without the keyword. Check ferror(out). */
void endpoint_print(const struct endpoint *endpoint, FILE *out);

/* Whether all that one endpoint matches another one does, too. */
bool endpoint_is_within(const struct endpoint *inner, const struct endpoint *outer);

/* Whether one end of a packet, with its key, is in the group. */
bool endpoint_group_has(const struct endpoint_group *group, struct addr addr, uint32_t key);

#endif
