/*
 * Code that finds the side of the proxy a packet is on, as service_ends() does.
 */
#ifndef VCAP_CLASSIFY_INT_H
#define VCAP_CLASSIFY_INT_H

#include "filter/emit-int.h"

#include <stdint.h>

/* Tests addresses and keys in the order of service_ends(). Packets of a side that the filter wants
 * continue at next, by their variable end; all others are rejected. */
label classify_sides(struct emit *e, uint8_t family, struct by_end next);

#endif
