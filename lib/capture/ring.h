/*
 * A packet ring: an AF_PACKET socket whose packets the kernel writes into memory shared with this
 * process (TPACKET_V3). Rings on the same interface form a fanout group: packets handled on CPU n
 * go to the ring that joined as number n. A ring may also be of all Ethernet interfaces and the
 * loopback, those that come later included.
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
	unsigned retire_ms; /* timeout of a block that is not full: the kernel hands it over after
			       one to two of these */
};

struct ring {
	int fd; /* polls readable when a block is handed over */
	unsigned char *map;
	struct ring_geometry geometry;
	unsigned block;      /* the block to read next, or being read */
	bool is_reading;     /* the block is being read */
	uint32_t left;       /* packets in it not yet read */
	unsigned char *next; /* the first of these */
	bool cooked;         /* packets start at the network header (SOCK_DGRAM) */
	bool is_of_all;      /* of every Ethernet and loopback interface */
	bool is_loopback; /* every packet appears twice, sent and received; sent ones are ignored */
	uint64_t blocks;  /* handed over so far, of which the last one is being read */
	int ifindex;      /* of the interface that the last packet was seen on */
	uint64_t ignored; /* sent ones that an older kernel did not leave out */
	/* Since ring_start, as of the last ring_count */
	uint64_t received; /* packets that passed the filter, dropped and ignored ones included */
	uint64_t dropped;  /* packets that found no room */
};

#define RING_INIT ((struct ring){.fd = -1})

struct ring_where {
	int ifindex;       /* 0: every Ethernet and loopback interface, linktype LINKTYPE_EN10MB */
	const char *name;  /* the interface, for messages */
	uint16_t linktype; /* LINKTYPE_EN10MB or LINKTYPE_RAW */
	bool is_loopback;
};

/*
 * Divides size bytes into blocks, for packets of at most snaplen bytes (0: any). When packets come
 * slowly the kernel hands over blocks nearly empty, so that the ring bridges a stall of its reader
 * of block_count * retire_ms: blocks are as small as the packets allow, but at least 64 KiB, and
 * there are at least four.
 */
struct ring_geometry ring_divide(uint64_t size, uint32_t snaplen, unsigned retire_ms);

/* Opens a ring with a filter that drops everything. Needs CAP_NET_RAW. On failure nothing is open.
 */
int ring_open(struct ring *ring, const struct ring_where *where, struct ring_geometry geometry,
	      struct failure *why);

/* Joins the fanout group *group as the ring of the next CPU; if *group is 0, creates a group of at
 * most members rings and sets *group. Fails if the interface is down. */
int ring_join(struct ring *ring, int *group, unsigned members, struct failure *why);

/* Instructions that a ring of all interfaces puts before a program. */
#define RING_INSNS_BEFORE 6

/* Replaces the filter by program (NULL or empty: accepts everything), which cuts packets to snaplen
 * bytes (0: does not cut), locks it and sets the counters to 0. Fails if the kernel refuses the
 * program, as one of more than BPF_MAX instructions, with those before it. */
int ring_start(struct ring *ring, const struct bpf *program, uint32_t snaplen, struct failure *why);

/*
 * Sets time, lengths, direction and data of *packet, and ring->ifindex, to those of the next packet;
 * false if there is none now. data points into the ring and is valid until the next call. A VLAN tag that the kernel
 * took out is put back.
 */
bool ring_next(struct ring *ring, struct packet *packet);

/* Returns the block being read and all blocks handed over to the kernel. Returns the number of
 * packets in them that were not read. */
uint64_t ring_skip(struct ring *ring);

/* Whether there is no packet, not even in the block that the kernel is filling. */
bool ring_is_empty(const struct ring *ring);

/* Whether more than half of the blocks wait to be read. */
bool ring_is_half_full(const struct ring *ring);

/* Brings received and dropped up to date. */
void ring_count(struct ring *ring);

/* Clears a pending error of the socket (an interface that went down). False: the interface was
 * deleted. */
bool ring_is_attached(const struct ring *ring);

/* Unmaps and closes the ring; *ring is then RING_INIT. */
void ring_close(struct ring *ring);

#endif
