/*
 * The interfaces that a capture has taken, numbered from 0 in the order in which they came. One that
 * has been numbered keeps its number, also when it is deleted and made again: the name tells. So a
 * file that describes the first n of them can be continued.
 *
 * One thread at a time adds; all may read what is below iftable_count.
 */
#ifndef VCAP_IFTABLE_H
#define VCAP_IFTABLE_H

#include "base/failure.h"
#include "capture/iface.h"

#include <stdint.h>

struct ifslot {
	char name[IFACE_NAME_SIZE];
	uint16_t linktype;
	uint64_t speed;  /* bits per second, 0 if unknown */
	int64_t came_ns; /* CLOCK_REALTIME; 0: it was there when the capture began */
};

struct iftable {
	struct ifslot *slots; /* heap, owned; does not move */
	uint32_t count;       /* read by iftable_count */
	uint32_t room;
};

#define IFTABLE_INIT ((struct iftable){0})
#define IFTABLE_NONE UINT32_MAX

/* Makes an empty table for `room` interfaces. -1: out of memory, and there is nothing to free. */
int iftable_init(struct iftable *table, uint32_t room, struct failure *why);
/* Frees the slots; *table is then IFTABLE_INIT. */
void iftable_release(struct iftable *table);

/* How many there are by now. */
uint32_t iftable_count(const struct iftable *table);

/* The number of the interface with this name, or IFTABLE_NONE. */
uint32_t iftable_find(const struct iftable *table, const char *name);

/* The number of this interface, which is new in the table unless its name is there. came_ns is for a
 * new one. IFTABLE_NONE: the table is full. */
uint32_t iftable_add(struct iftable *table, const struct iface *iface, int64_t came_ns);

#endif
