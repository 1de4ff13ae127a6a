/*
 * A source that passes another one on, with the interface of each packet named after the side of
 * the service that it is on: `ENGINE/IFACE/SIDE`. Interfaces of the other source stay, and those
 * with a side are appended when their first packet comes. An interface that has a side already
 * keeps it. Where the link type is not in linktype.h, no side can be told, and there is none.
 */
#ifndef VCAP_SIDES_H
#define VCAP_SIDES_H

#include "base/failure.h"
#include "filter/service.h"
#include "packet/packet.h"

struct sides;

/* Both from and service are the caller's and outlive it. NULL: out of memory. */
struct sides *sides_new(struct source *from, const struct service *service, struct failure *why);
/* sides may be NULL. */
void sides_free(struct sides *sides);
/* Interface i of the other source, if it had packets whose side could not be told; else NULL. */
const struct interface *sides_untold(const struct sides *sides, uint32_t i);
/* The source with sides, valid until sides_free. It cannot be revisited. */
struct source *sides_source(struct sides *sides);

#endif
