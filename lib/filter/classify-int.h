/*
 * Code that finds the side of the proxy a packet is on, as sighting_make() does.
 */
#ifndef VCAP_CLASSIFY_INT_H
#define VCAP_CLASSIFY_INT_H

#include "filter/emit-int.h"

#include <stdint.h>

/* Tests addresses and keys in the order of sighting_ends(). Packets of a side that the filter wants
 * continue at next, by their variable end; those of other sides are rejected, those of none continue at
 * e->miss. */
label classify_sides(struct emit *e, uint8_t family, struct by_end next);

/* The same for an inner packet of the tunnel with this number; M_OUTER is the outer one's header. */
label classify_tunnelled(struct emit *e, uint8_t family, size_t tunnel, struct by_end next);

#endif
