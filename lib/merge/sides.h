/*
 * A source that passes on another's events with each packet's interface named after its side: the
 * other's interfaces stay, and those with a side are added behind as they turn up. Interfaces that
 * have a side already keep it.
 */
#ifndef VCAP_SIDES_H
#define VCAP_SIDES_H

#include "base/failure.h"
#include "filter/service.h"
#include "packet/packet.h"

struct sides;

/* Both from and service are the caller's and outlive it. NULL: no memory. */
struct sides *sides_new(struct source *from, const struct service *service, struct failure *why);
void sides_free(struct sides *sides);
struct source *sides_source(struct sides *sides);

#endif
