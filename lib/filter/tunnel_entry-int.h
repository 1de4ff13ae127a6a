/*
 * Code that looks into tunnels, as tunnel_find() does.
 */
#ifndef VCAP_TUNNEL_ENTRY_INT_H
#define VCAP_TUNNEL_ENTRY_INT_H

#include "filter/emit-int.h"

/* The code of a packet that is judged by itself, and where packets of a side continue, by family. */
struct tunnel_entry {
	struct by_family plain;
	struct by_end v4, v6;
};

/* X is at the network header. A packet in a tunnel of the service is judged by the inner one; one whose
 * inner packet is on no side, or that is in no tunnel, continues at plain. */
struct by_family tunnel_entry_make(struct emit *e, const struct tunnel_entry *entry);

#endif
