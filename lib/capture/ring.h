/*
 * A packet ring: an AF_PACKET socket whose packets the kernel writes into memory shared with this
 * process (TPACKET_V3). Rings on the same interface form a fanout group in which each CPU's packets
 * go to the ring that joined in that CPU's place.
 *
 * The calling sequence, so that no packet from before the filter is ever seen:
 *
 *	ring_open (accepts nothing) -> ring_join -> [privileges are dropped] -> ring_start
 *	-> ring_next ... -> ring_close
 *
 * After ring_start the filter is locked. One thread at a time may use a ring.
 *
 * Sources: packet(7), Documentation/networking/packet_mmap.rst, net/packet/af_packet.c.
 */
#ifndef VCAP_RING_H
#define VCAP_RING_H

#include "base/failure.h"
#include "packet/bpf.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring_geometry {
	size_t block_size; /* bytes, a power of two */
	unsigned block_count;
	unsigned retire_ms; /* the kernel hands over a block that is not full after one to two of
			       these */
};

struct ring {
	int fd; /* polls readable when a block is ready */
	unsigned char *map;
	struct ring_geometry geometry;
	unsigned block; /* the block to read next, or being read */
	bool reading;   /* the block is ours */
	uint32_t left;  /* packets not yet read in it */
	unsigned char *next;
	bool cooked;      /* packets start at the network header */
	bool is_loopback; /* sent packets come back as received ones, and count once */
	uint64_t ignored; /* sent ones that an older kernel has passed all the same */
	/* Since ring_start, as of the last ring_count */
	uint64_t received; /* passed the filter, dropped ones included, ignored ones too */
	uint64_t dropped;  /* found no room */
};

#define RING_INIT ((struct ring){.fd = -1})

struct ring_where {
	int ifindex;
	const char *name;  /* the interface, for messages */
	uint16_t linktype; /* LINKTYPE_EN10MB or LINKTYPE_RAW */
	bool is_loopback;
};

/*
 * How to divide size bytes for packets of at most snaplen (0: whole). Since the kernel hands over
 * blocks that are nearly empty, the ring bridges a stall of its reader of block_count * retire_ms
 * at most, however slowly packets come: blocks are as small as packets allow, but not less than 64
 * KiB, nor fewer than four.
 */
struct ring_geometry ring_divide(uint64_t size, uint32_t snaplen, unsigned retire_ms);

/* Opens, with a filter that drops everything. Needs CAP_NET_RAW. */
int ring_open(struct ring *ring, const struct ring_where *where, struct ring_geometry geometry,
	      struct failure *why);

/* Joins the fanout group *group, in which it becomes the next CPU's ring; 0 makes a new group of at
 * most members, and fills *group. Fails if the interface is down. */
int ring_join(struct ring *ring, int *group, unsigned members, struct failure *why);

/* Replaces the filter by program (NULL or empty: everything), cutting packets to snaplen (0: not),
 * and locks it. A program that the kernel refuses is a failure. Counters start at 0. */
int ring_start(struct ring *ring, const struct bpf *program, uint32_t snaplen, struct failure *why);

/*
 * Fills time, lengths, direction and data of *packet from the next one; false if there is none now.
 * data is valid until the next call, and then given back to the kernel. VLAN tags that the kernel
 * took out are back in place.
 */
bool ring_next(struct ring *ring, struct packet *packet);

/* Gives back the block in hand, if any, and all that are ready, unread. Returns their packets. */
uint64_t ring_skip(struct ring *ring);

/* Whether nothing is in it, not even in the block that the kernel is filling, and none in hand. */
bool ring_is_empty(const struct ring *ring);

/* Whether more than half of the ring is waiting to be read. */
bool ring_is_pressed(const struct ring *ring);

/* Brings received and dropped up to date. */
void ring_count(struct ring *ring);

/* Clears a pending error of the socket (an interface that went down). False: the interface is gone
 * for good. */
bool ring_is_attached(const struct ring *ring);

void ring_close(struct ring *ring);

#endif
