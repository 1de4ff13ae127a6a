/*
 * Packets that came shortly before in the same ring, to tell one that another interface has carried
 * already. Pure.
 */
#ifndef VCAP_DOUBLES_H
#define VCAP_DOUBLES_H

#include "packet/packet.h"

#include <stdbool.h>
#include <stdint.h>

#define DOUBLES_MAX 64

struct doubles {
	struct {
		int64_t ts_ns;
		uint64_t hash;
		int ifindex;
	} seen[DOUBLES_MAX];
	unsigned next;
};

/* Whether the Ethernet packet, of the interface with this index, came before on another interface; if not it
 * is remembered. Zero *doubles at first. */
bool doubles_has(struct doubles *doubles, const struct packet *packet, int ifindex);

#endif
