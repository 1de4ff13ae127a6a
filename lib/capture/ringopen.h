/*
 * Opens many rings at once.
 */
#ifndef VCAP_RINGOPEN_H
#define VCAP_RINGOPEN_H

#include "base/failure.h"
#include "capture/ring.h"

#include <stddef.h>

struct ringopen_order {
	struct ring *ring; /* RING_INIT */
	struct ring_where where;
};

/* Opens all rings, as ring_open does, with threads that have ended when it returns: they had the
 * privileges of the caller. On failure those that are open are left to the caller. */
int ringopen_all(struct ringopen_order *orders, size_t count, struct ring_geometry geometry,
		 struct failure *why);

#endif
